// The report's style sheet: light and dark, narrow and wide, screen and paper.

export const STYLE = `
:root {
  color-scheme: light dark;
  --ink: #1d2433; --quiet: #586174; --paper: #ffffff; --line: #dfe3ea; --soft: #f5f7fa; --accent: #0b5cad; --behind: #7d8798;
  --warn: #7a4300; --warn-soft: #fff4e0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e7eaf0; --quiet: #a7b0c0; --paper: #14181f; --line: #303847; --soft: #1c222c; --accent: #7cb8f5; --behind: #8a94a6;
    --warn: #ffca7a; --warn-soft: #33270f;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC", sans-serif; }
main { max-width: 1000px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 14px; overflow-wrap: anywhere; }
h2 { font-size: 21px; margin: 44px 0 12px; padding-top: 14px; border-top: 1px solid var(--line); }
h3 { font-size: 16px; margin: 18px 0 6px; overflow-wrap: anywhere; }
.kicker { margin: 0 0 4px; color: var(--accent); font-weight: 600; letter-spacing: 0.02em; }
.verdict { font-size: 20px; line-height: 1.45; margin: 0 0 12px; padding: 14px 18px; background: var(--soft); border-left: 4px solid var(--accent); border-radius: 0 6px 6px 0; overflow-wrap: anywhere; }
.quiet { color: var(--quiet); font-size: 14px; }
.warning { padding: 10px 14px; background: var(--warn-soft); color: var(--warn); border-radius: 6px; }
.scroll { overflow-x: auto; margin: 12px 0; }
.scroll:focus-visible, summary:focus-visible, input:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 15px; }
caption { text-align: left; color: var(--quiet); font-size: 14px; padding-bottom: 6px; }
th, td { padding: 7px 9px; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; vertical-align: top; }
thead th { color: var(--quiet); font-weight: 600; font-size: 13px; vertical-align: bottom; }
th[scope^="row"], td.name, th.name { text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: 96px; }
tbody th { font-weight: 600; }
tr.leading th { color: var(--accent); }
.strong { font-weight: 700; }
.problem, .note { display: block; font-weight: 400; font-size: 13px; white-space: normal; max-width: 340px; }
.problem { color: var(--warn); }
.note { color: var(--quiet); }
.swatch { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 8px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.chart svg { max-width: 100%; height: auto; display: block; }
.wide svg { min-width: 440px; max-width: 860px; width: 100%; }
.key { display: flex; flex-wrap: wrap; gap: 6px 22px; font-size: 14px; margin: 8px 0; }
.key label { cursor: pointer; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(230px, 1fr)); gap: 4px 18px; }
figure { margin: 0 0 14px; break-inside: avoid; }
figcaption { font-size: 14px; margin-top: 5px; line-height: 1.4; overflow-wrap: anywhere; }
.picture { border-radius: 6px; overflow: hidden; background: #000 center / 100% 100% no-repeat; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.picture img { display: block; width: 100%; height: auto; }
.small { image-rendering: pixelated; }
section:has(#errors:not(:checked)) .picture img { opacity: 0; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(270px, 1fr)); gap: 14px 24px; }
.grid h3 { margin: 0 0 2px; }
.grid figcaption { color: var(--quiet); font-size: 13px; margin: 0; }
details { border: 1px solid var(--line); border-radius: 6px; padding: 8px 14px; margin: 8px 0; }
summary { cursor: pointer; overflow-wrap: anywhere; }
pre { overflow-x: auto; background: var(--soft); padding: 10px 14px; border-radius: 6px; font-size: 13px; line-height: 1.5; margin: 6px 0; }
code { font-size: 0.92em; overflow-wrap: anywhere; }
dl { margin: 0; }
dl div { display: flex; gap: 16px; padding: 6px 0; border-bottom: 1px solid var(--line); }
dt { flex: 0 0 100px; color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; min-width: 0; }
.line { margin: 0 0 4px; }
@media (max-width: 560px) {
  main { padding: 20px 14px 48px; }
  h1 { font-size: 25px; }
  .verdict { font-size: 18px; }
  dl div { display: block; }
  .pictures { grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); }
}
@media print {
  :root { color-scheme: light; --ink: #000; --quiet: #444; --paper: #fff; --line: #ccc; --soft: #f5f5f5; --accent: #0b5cad; --behind: #7d8798; --warn: #7a4300; --warn-soft: #fff4e0; }
  main { max-width: none; padding: 0; }
  body, table { font-size: 11pt; }
  tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  .scroll { overflow: visible; }
  .wide svg { min-width: 0; }
  pre { white-space: pre-wrap; }
  details::details-content { content-visibility: visible; height: auto; }
  .key label { display: none; }
}
`;
