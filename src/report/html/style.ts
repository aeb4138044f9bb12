import { Markup } from './markup.ts'

/** The style sheet: colours as variables, which the drawings use too. Colours after Okabe and Ito, made readable on light and on dark. */
export const STYLE = new Markup(`
:root{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--ink-2:#57606a;--ink-3:#8b949e;--line:#d8dee4;--wash:#f3f5f7;--mark:#e8f1f8;
--versus:#0072b2;--best:#d55e00;--third:#008a64;--fourth:#b0568f;--fifth:#946c00;--other:#929ca6;
--optimised:#c9dfef;--few:#cfcac4;--many:#a39c95;--blocked:#7d766f;--waiting:#d55e00;--partly:#e69f00;--good:#00704f;--bad:#b03a00}
@media screen and (prefers-color-scheme:dark){:root{--paper:#14181d;--ink:#e6e9ec;--ink-2:#a4adb7;--ink-3:#717b86;--line:#2f363e;--wash:#1b2026;--mark:#16293a;
--versus:#56b4e9;--best:#ff8f45;--third:#2bc495;--fourth:#df9cc6;--fifth:#e0b33c;--other:#7a8591;
--optimised:#1f4460;--few:#3d3a37;--many:#5f5a55;--blocked:#8a837b;--waiting:#ff8f45;--partly:#f0c24b;--good:#4fd3a8;--bad:#ff9a70}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:72rem;margin:0 auto;padding:2.5rem 1.5rem 4rem}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 .6rem;letter-spacing:-.015em;text-wrap:balance}
h2{font-size:1.2rem;line-height:1.3;margin:0 0 .25rem;letter-spacing:-.005em}
section{margin-top:3rem}
p{margin:0 0 .6rem;max-width:44rem}
.kicker{margin:0 0 .3rem;color:var(--ink-2);font-size:.85rem;letter-spacing:.02em}
.setting{list-style:none;margin:0;padding:0;color:var(--ink-2);font-size:.87rem;display:flex;flex-wrap:wrap;gap:0 1.4rem}
.answer{margin-top:1.4rem;padding:1.1rem 1.3rem;background:var(--mark);border-left:4px solid var(--versus);border-radius:0 6px 6px 0}
.answer p{max-width:56rem}
.answer p:last-child{margin:0}
.answer .lead{font-size:1.18rem;line-height:1.45;font-weight:600;text-wrap:pretty}
.hint{max-width:60rem;color:var(--ink-2);font-size:.87rem;margin-bottom:.9rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:.81rem;line-height:1.35;font-variant-numeric:tabular-nums}
th,td{padding:.4rem .5rem;text-align:right;vertical-align:top;border-bottom:1px solid var(--line);font-weight:400}
td{white-space:nowrap}
thead th{vertical-align:bottom;color:var(--ink-2);border-bottom:1px solid var(--ink-3);font-size:.95em}
th:first-child{text-align:left;padding-left:.6rem}
.policies{width:100%}
.policies tbody th{min-width:12.5rem;background:var(--paper)}
.policies .name{font-weight:600;overflow-wrap:anywhere}
.how{display:block;color:var(--ink-2);font-size:.9em;line-height:1.3}
.front{color:var(--ink);text-decoration:none}
td small,thead small{display:block;color:var(--ink-2);font-size:.88em}
td.better .against{font-weight:700;color:var(--good)}
td small.range{font-style:italic}
tr.versus>*,.policies tr.versus th{background:var(--mark)}
tr.versus>*:first-child{box-shadow:inset 3px 0 var(--versus)}
tr.versus .name{font-weight:800}
tr.bound>*{color:var(--ink-2);font-style:italic}
figure{margin:0;min-width:0}
figcaption{font-size:.87rem;font-weight:600;margin-bottom:.35rem;max-width:none}
svg.plot{display:block;width:100%;height:auto;color:var(--ink-2);overflow:visible;font-family:inherit}
svg.plot [aria-label$=grid]{stroke:var(--line);stroke-opacity:1}
.halo{paint-order:stroke;stroke:var(--paper);stroke-width:3px;stroke-linejoin:round}
.pair{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:1.6rem 2.4rem}
.pair.side{align-items:start}
.aside p{font-size:.87rem;color:var(--ink-2)}
.bars{width:100%;margin:.2rem 0 .7rem}.bars th,.bars td{border:0;padding:.18rem .6rem .18rem 0}.bars th{text-align:left;white-space:nowrap}.bars td:last-child{width:60%}
.bars i{display:block;height:.8em;margin-top:.28em;background:var(--blocked);border-radius:1px;min-width:1px}
.multiples{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:1.2rem 1.6rem}
.multiples figcaption{display:flex;justify-content:space-between;align-items:end;gap:.4rem;font-weight:400;font-size:.85rem;line-height:1.25;margin:0 .4rem .1rem 0}
.multiples figcaption .mean{white-space:nowrap;color:var(--ink-2);font-variant-numeric:tabular-nums}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.15rem 1.1rem;margin:0 0 .5rem;padding:0;font-size:.82rem;color:var(--ink-2)}
.legend li{display:flex;align-items:center;gap:.4rem}
.swatch{width:30px;height:12px;flex:none}
.swatch.box{width:14px;border-radius:2px}
.cell-optimised{fill:var(--optimised)}.cell-waiting{fill:var(--waiting)}.cell-partly{fill:var(--partly)}.cell-few{fill:var(--few)}
.cell-many{fill:var(--many)}.cell-blocked{fill:var(--blocked)}.cell-none{fill:var(--wash)}
.nothing{color:var(--ink-2);font-style:italic}
.conclusions{list-style:none;margin:.4rem 0 1.2rem;padding:0;max-width:56rem}
.conclusions li{display:grid;grid-template-columns:6.2rem 1fr;gap:.6rem;padding:.3rem 0;border-bottom:1px solid var(--line)}
.verdict{font-weight:600}
.survives .verdict{color:var(--good)}.fails .verdict{color:var(--bad)}
.at{display:block;color:var(--ink-2);font-size:.9em}
details{border-top:1px solid var(--line);padding:.45rem 0}
.pair+details{margin-top:1.6rem}
details:last-of-type{border-bottom:1px solid var(--line);margin-bottom:1rem}
summary{cursor:pointer;font-weight:600}
.count{font-weight:400;color:var(--ink-2);font-size:.87em;margin-left:.4em}
.assumptions{margin:.4rem 0 .8rem}
.assumptions td,.assumptions th{text-align:left;white-space:normal;min-width:6rem}
.assumptions td:nth-child(3){min-width:16rem}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.3rem 1.2rem;margin:.6rem 0 .8rem;font-size:.93rem;max-width:60rem}
dt{font-weight:600;max-width:12rem;overflow-wrap:anywhere}dd{margin:0}
code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.92em}
pre{margin:0;padding:.8rem 1rem;background:var(--wash);border-radius:6px;white-space:pre-wrap;overflow-wrap:anywhere}
@media screen and (max-width:46rem){main{padding:1.4rem 1rem 3rem}h1{font-size:1.5rem}.answer .lead{font-size:1.06rem}
.pair{grid-template-columns:minmax(0,1fr)}.multiples{grid-template-columns:repeat(2,minmax(0,1fr));gap:.9rem 1.1rem}
.policies .how{display:none}.multiples figcaption{font-size:.78rem}svg.plot [aria-label$="tick label"]{font-size:14px}.multiples [aria-label$="tick label"]{font-size:15px!important}
.scroll{margin:0 -1rem}.scroll th:first-child{padding-left:1rem}.policies tbody th,.policies thead th:first-child{position:sticky;left:0;z-index:1;background:var(--paper);min-width:7.5rem}
dl{grid-template-columns:minmax(0,1fr);gap:0}dd{margin-bottom:.5rem}}
@page{size:A4;margin:13mm 12mm}
@media print{html{font-size:12.5px}body{font-size:.92rem}main{max-width:none;padding:0}section{margin-top:7mm}h2{break-after:avoid}.hint{max-width:60rem;break-after:avoid}
figure,tr,li{break-inside:avoid}.scroll{overflow:visible}table{font-size:6.6pt}th,td{padding:.3em .35em}.policies tbody th{min-width:26mm}
.pair{gap:5mm}.multiples{grid-template-columns:repeat(4,minmax(0,1fr));gap:3mm}.multiples figcaption{font-size:.8rem}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
details::details-content{content-visibility:visible;block-size:auto}summary{list-style:none}summary::-webkit-details-marker{display:none}}
`)
