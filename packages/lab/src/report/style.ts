// The report's style sheet: light and dark, narrow and wide, screen and paper.

export const STYLE = `
:root {
  --ink: #1d2433; --quiet: #5b6476; --paper: #ffffff; --line: #dfe3ea; --soft: #f5f7fa; --accent: #0b5cad; --warn: #8a4b00; --warn-soft: #fff4e0;
}
@media (prefers-color-scheme: dark) {
  :root { --ink: #e7eaf0; --quiet: #a2abbb; --paper: #14181f; --line: #2d3440; --soft: #1c222c; --accent: #7cb8f5; --warn: #ffca7a; --warn-soft: #33270f; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC", sans-serif; }
main { max-width: 940px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 12px; }
h2 { font-size: 21px; margin: 44px 0 12px; padding-top: 14px; border-top: 1px solid var(--line); }
h3 { font-size: 16px; margin: 18px 0 6px; flex-basis: 100%; }
.kicker { margin: 0 0 4px; color: var(--accent); font-weight: 600; letter-spacing: 0.02em; }
.verdict { font-size: 20px; line-height: 1.4; margin: 0 0 12px; padding: 14px 18px; background: var(--soft); border-left: 4px solid var(--accent); border-radius: 0 6px 6px 0; }
.quiet { color: var(--quiet); font-size: 14px; }
.warning { padding: 10px 14px; background: var(--warn-soft); color: var(--warn); border-radius: 6px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 15px; margin: 12px 0; }
caption { text-align: left; color: var(--quiet); font-size: 14px; padding-bottom: 6px; }
th, td { padding: 7px 10px; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; vertical-align: top; }
thead th { color: var(--quiet); font-weight: 600; font-size: 13px; }
th[scope="row"], td.name, th.name { text-align: left; }
tbody th { font-weight: 600; }
.strong { font-weight: 700; }
.problem, .note { display: block; font-weight: 400; font-size: 13px; white-space: normal; max-width: 340px; }
.problem { color: var(--warn); }
.note { color: var(--quiet); }
.swatch { display: inline-block; width: 11px; height: 11px; border-radius: 3px; margin-right: 8px; }
.chart svg { max-width: 100%; height: auto; display: block; }
.chart { overflow-x: auto; }
.key { display: flex; flex-wrap: wrap; gap: 6px 22px; font-size: 14px; }
.pictures { display: flex; flex-wrap: wrap; gap: 4px 16px; }
.pictures figure { flex: 1 1 200px; max-width: 290px; }
figure { margin: 0 0 14px; }
figcaption { font-size: 14px; margin-top: 4px; }
img { width: 100%; height: auto; border-radius: 6px; image-rendering: pixelated; background: #000; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(250px, 1fr)); gap: 10px 18px; }
.grid figcaption { font-weight: 600; }
details { border: 1px solid var(--line); border-radius: 6px; padding: 8px 14px; margin: 8px 0; }
summary { cursor: pointer; }
pre { overflow-x: auto; background: var(--soft); padding: 10px 14px; border-radius: 6px; font-size: 13px; line-height: 1.5; margin: 6px 0; }
code { font-size: 0.92em; overflow-wrap: anywhere; }
dl { margin: 0; }
dl div { display: flex; gap: 16px; padding: 6px 0; border-bottom: 1px solid var(--line); }
dt { flex: 0 0 100px; color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 560px) { main { padding: 20px 14px 48px; } h1 { font-size: 25px; } .verdict { font-size: 18px; } dl div { display: block; } }
@media print { details { break-inside: avoid; } section { break-inside: auto; } figure, tr { break-inside: avoid; } main { max-width: none; } }
`;
