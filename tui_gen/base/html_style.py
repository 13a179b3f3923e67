"""How pages look: calm, light or dark as the reader's system is, from a telephone's width up."""

STYLE = """
:root {
  color-scheme: light dark;
  --page: #f7f7f5; --raised: #ffffff; --line: #d9d8d3; --text: #1c1e21; --quiet: #5a6570; --link: #175a94;
  --good: #1f6b2e; --warning: #8a5200; --bad: #b3261e;
  --s1: #2a78d6; --s2: #1baf7a; --s3: #eda100; --s4: #4a3aa7;
  --s5: #e34948; --s6: #e87ba4; --s7: #008300; --s8: #eb6834;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #16181b; --raised: #1e2125; --line: #343a41; --text: #d8dadc; --quiet: #98a4ae; --link: #8fb7d9;
    --good: #8fc08f; --warning: #e0b060; --bad: #e8837a;
    --s1: #3987e5; --s2: #199e70; --s3: #c98500; --s4: #9085e9;
    --s5: #e66767; --s6: #d55181; --s7: #3f9a3f; --s8: #d95926;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); overflow-wrap: anywhere;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 24px 20px 64px; }
h1 { font-size: 24px; line-height: 1.25; margin: 0 0 4px; }
h2 { font-size: 18px; margin: 40px 0 12px; }
h3 { font-size: 15px; margin: 24px 0 8px; }
p { margin: 0 0 12px; max-width: 75ch; }
a { color: var(--link); }
code { font: 13px/1.4 ui-monospace, "DejaVu Sans Mono", monospace; }
.quiet { color: var(--quiet); }
.good { color: var(--good); } .warning { color: var(--warning); } .bad { color: var(--bad); }
.tiles { display: grid; grid-template-columns: repeat(4, 1fr); gap: 12px; margin: 20px 0; }
.tile { background: var(--raised); border: 1px solid var(--line); border-radius: 6px; padding: 10px 14px; }
.tile b { display: block; font-size: 20px; line-height: 1.3; font-variant-numeric: tabular-nums; }
.tile span { color: var(--quiet); font-size: 13px; }
.wide { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; background: var(--raised); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; font-size: 13px; color: var(--quiet); }
th, td { padding: 6px 12px; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody tr:last-child td { border-bottom: 0; }
.number { text-align: right; white-space: nowrap; }
td.word { min-width: 10ch; max-width: 46ch; }
td.word:first-child { min-width: 20ch; }
td .quiet { font-size: 13px; }
details { margin: 12px 0; }
td details { margin: 0; }
summary { cursor: pointer; color: var(--link); }
ul { padding-left: 20px; margin: 0 0 12px; }
figure { margin: 0 0 20px; background: var(--raised); border: 1px solid var(--line); border-radius: 6px;
  padding: 12px 16px; }
figcaption { font-weight: 600; margin-bottom: 8px; }
.plot { position: relative; height: 190px; margin: 10px 10px 26px 58px; }
.plot svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; }
.plot .y, .plot .x { position: absolute; font-size: 12px; color: var(--quiet); white-space: nowrap;
  font-variant-numeric: tabular-nums; }
.plot .y { right: calc(100% + 8px); transform: translateY(-50%); }
.plot .x { top: calc(100% + 6px); transform: translateX(-50%); }
.grid { stroke: var(--line); stroke-width: 1; vector-effect: non-scaling-stroke; }
.border { stroke: var(--quiet); stroke-width: 1; stroke-dasharray: 3 3; vector-effect: non-scaling-stroke; }
.curve { fill: none; stroke-width: 2; stroke-linejoin: round; vector-effect: non-scaling-stroke; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 13px; }
.legend i { display: inline-block; width: 14px; height: 3px; margin-right: 6px; vertical-align: middle; }
.bar { display: inline-block; width: 100px; height: 10px; margin-right: 10px; }
.legend + .wide { margin-top: 8px; }
.made { fill: var(--s1); } .rejected { fill: var(--s3); } .failed { fill: var(--s5); }
.left { fill: var(--line); }
.f1 { fill: var(--s1); }
.c1 { stroke: var(--s1); } .c2 { stroke: var(--s2); } .c3 { stroke: var(--s3); } .c4 { stroke: var(--s4); }
.c5 { stroke: var(--s5); } .c6 { stroke: var(--s6); } .c7 { stroke: var(--s7); } .c8 { stroke: var(--s8); }
.b1 { background: var(--s1); } .b2 { background: var(--s2); } .b3 { background: var(--s3); }
.b4 { background: var(--s4); } .b5 { background: var(--s5); } .b6 { background: var(--s6); }
.b7 { background: var(--s7); } .b8 { background: var(--s8); }
.patches { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 500px), 1fr));
  gap: 16px; }
.patch { background: var(--raised); border: 1px solid var(--line); border-radius: 6px; padding: 10px; }
.patch img { display: block; max-width: 100%; height: auto; margin-bottom: 6px; }
.patch .gone { border: 1px dashed var(--bad); padding: 24px 12px; margin-bottom: 6px; }
.patch dl { margin: 0; font-size: 13px; display: grid; grid-template-columns: auto 1fr; gap: 0 12px;
  font-variant-numeric: tabular-nums; }
.patch dt { color: var(--quiet); } .patch dd { margin: 0; }
.thumbs { display: flex; flex-wrap: wrap; gap: 10px; align-items: flex-start; }
.thumb { background: var(--raised); border: 1px solid var(--line); border-radius: 6px; padding: 6px;
  max-width: 298px; font-size: 12px; }
.thumb.typical { border-color: var(--link); }
.thumb img { display: block; max-width: 100%; height: auto; margin-bottom: 4px; }
.thumb code { font-size: 11px; }
@media (max-width: 520px) {
  main { padding: 16px 12px 48px; }
  .tiles { grid-template-columns: repeat(2, 1fr); }
  th, td { padding: 6px 8px; }
  .plot { margin-left: 46px; }
}
@media print { body { background: #fff; } .wide { overflow: visible; } }
"""
