// What the parts of the page have in common: a titled section, a chart.

import type { ComponentChildren } from "preact";

export const Section = ({ title, children }: { title: string; children: ComponentChildren }) => (
  <section>
    <h2>{title}</h2>
    {children}
  </section>
);

/** A chart of ours as SVG text: names in it were escaped when it was drawn. `wide` ones scroll on a narrow screen. */
export const Chart = ({ svg, wide = false }: { svg: string; wide?: boolean }) =>
  wide ? (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable without a mouse
    <div class="chart wide scroll" tabIndex={0} dangerouslySetInnerHTML={{ __html: svg }} />
  ) : (
    <div class="chart" dangerouslySetInnerHTML={{ __html: svg }} />
  );
