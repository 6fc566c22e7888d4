// Test cases as pictures: the worst, median and best of each loss, errors in colour over the image.

import type { Ranking } from "../experiment/ranking.js";
import {
  type CasePicture,
  ERROR_COLOURS,
  LONGEST_SIDE,
  paintErrors,
  paintImage,
  pngUri,
  shownSize,
} from "./case-picture.js";
import { score } from "./figures.js";
import { Section } from "./section.js";

/** Sides up to this are shown larger than they are, with pixels that can be seen. */
const SMALL_SIDE = 240;

/** The name of a picture's image in the style sheet: several losses show the same case, and its image is in the page once. */
function imageClasses(pictures: readonly CasePicture[]): {
  readonly names: Map<CasePicture, string>;
  readonly css: string;
} {
  const byUri = new Map<string, string>();
  const names = new Map<CasePicture, string>();
  for (const picture of pictures) {
    const uri = pngUri(paintImage(picture));
    const name = byUri.get(uri) ?? `image-${byUri.size + 1}`;
    byUri.set(uri, name);
    names.set(picture, name);
  }
  return { names, css: [...byUri].map(([uri, name]) => `.${name} { background-image: url(${uri}); }`).join("\n") };
}

export function Pictures({
  pictures,
  ranking,
  severalClasses,
}: {
  pictures: readonly CasePicture[];
  ranking: Ranking;
  severalClasses: boolean;
}) {
  if (pictures.length === 0) return null;
  const { names, css } = imageClasses(pictures);
  const kinds = Object.entries(ERROR_COLOURS).filter(([kind]) => severalClasses || kind !== "otherClass");
  const shrunk = pictures.some((picture) => shownSize(picture).scale > 1);
  return (
    <Section title="Worst, median and best case of each loss">
      <style dangerouslySetInnerHTML={{ __html: css }} />
      <div class="key">
        {kinds.map(([kind, { colour, meaning }]) => (
          <span key={kind}>
            <span class="swatch" style={{ background: `rgb(${colour.join(" ")})` }} />
            {meaning}
          </span>
        ))}
        <label>
          <input type="checkbox" id="errors" checked /> show colours
        </label>
      </div>
      {shrunk && (
        <p class="quiet">
          Large images are shrunk to {LONGEST_SIDE} pixels; what is marked is kept visible and looks thicker than it is.
        </p>
      )}
      {ranking.rows.map(({ label }) => {
        const own = pictures.filter(({ loss }) => loss === label);
        if (own.length === 0) return null;
        return (
          <div key={label}>
            <h3>{label}</h3>
            <div class="pictures">
              {own.map((picture) => (
                <Picture key={picture.kind} picture={picture} image={names.get(picture) as string} />
              ))}
            </div>
          </div>
        );
      })}
    </Section>
  );
}

function Picture({ picture, image }: { picture: CasePicture; image: string }) {
  const errors = paintErrors(picture);
  const size = Math.max(errors.width, errors.height) <= SMALL_SIDE ? "small" : "";
  return (
    <figure>
      <div class={`picture ${image} ${size}`}>
        <img
          class={size}
          src={pngUri(errors)}
          width={errors.width}
          height={errors.height}
          alt={`${picture.kind} case of ${picture.loss}: ${picture.case}, Dice ${score(picture.dice)}, errors in colour`}
        />
      </div>
      <figcaption>
        {picture.kind}: <span class="strong">{score(picture.dice)}</span>
        <br />
        <span class="quiet">
          {picture.case}, seed {picture.seed}
        </span>
      </figcaption>
    </figure>
  );
}
