import { Markup } from '../markup.ts'

/** What a report on a check has beyond the common style sheet: verdicts, and runs. */
export const CHECK_STYLE = new Markup(`:root{--t0:#0072b2;--t1:#b85000;--t2:#008a64;--t3:#b0568f;--t4:#946c00;
--all:#bcd8ec;--some:#f7dfa1;--free:#f4b48a;--taken:#dcd8d3;--no:#fbe7dc;--ok:#e3f3ec;--open:#fbf1d3}
@media screen and (prefers-color-scheme:dark){:root{--t0:#56b4e9;--t1:#ff8f45;--t2:#2bc495;--t3:#df9cc6;--t4:#e0b33c;
--all:#1f4c6e;--some:#5e4a12;--free:#7a3c14;--taken:#33373b;--no:#41241a;--ok:#16342a;--open:#3a3115}}
h3{font-size:1.02rem;margin:2rem 0 .1rem}
h3+.hint{margin-bottom:.5rem}
a{color:inherit}
.matrix{font-size:.85rem}
.matrix th{text-align:left}.matrix td,.matrix thead th+th{text-align:center}
.matrix tbody td{min-width:3.1rem;border-left:2px solid var(--paper);padding:.4rem .25rem}
.matrix tbody th{max-width:36rem}
.matrix .name{font-weight:600}
.matrix abbr{text-decoration:none}
.matrix tfoot>tr>*{color:var(--ink-2);border:0;font-size:.88em}
td.ok{background:var(--ok);color:var(--good)}td.no{background:var(--no);color:var(--bad);font-weight:600}td.open{background:var(--open)}
td.no small{font-weight:400}
td.no a{text-decoration-thickness:1px;text-underline-offset:2px}
.badge{font-size:.82em;font-weight:400;margin-left:.5em}
.badge.ok{color:var(--good)}.badge.no{color:var(--bad)}
summary .how{font-weight:400;font-size:.85em;margin-left:1.1rem}
.scenario .matrix{margin:.5rem 0 .8rem}
details.told:last-of-type,details.rest:last-of-type,details.rest details:last-of-type{border-bottom:0;margin-bottom:0}
.told summary{font-weight:400}
.rest{margin-left:1.1rem}.rest>summary{font-weight:400;color:var(--ink-2)}
.elsewhere{margin:0;padding:.45rem 0 .45rem 1.1rem;border-top:1px solid var(--line);max-width:none}
.run{margin:.6rem 0 1.4rem;scroll-margin-top:3.4rem}
.run:target{outline:2px solid var(--versus);outline-offset:.5rem;border-radius:2px}
.run table{width:100%;table-layout:fixed;font-size:.8rem}
.run col.n{width:3.6rem}.run col.r{width:7.1rem}
.run th,.run td{text-align:left;white-space:normal;overflow-wrap:break-word;padding:.16rem .45rem;border:0;border-left:1px solid var(--line)}
.run th:first-child{border-left:0;text-align:right;padding-left:0;color:var(--ink-2)}
.run thead th,.run thead td{position:sticky;top:0;z-index:1;background:var(--paper);border-bottom:1px solid var(--ink-3);font-weight:600;color:var(--ink)}
.run .s{border-left:3px solid;padding-left:.5rem}
.run .first>*{padding-top:.45rem}
.run .s b{margin-right:.15rem}
.run .t0{border-color:var(--t0)}.run .t1{border-color:var(--t1)}.run .t2{border-color:var(--t2)}.run .t3{border-color:var(--t3)}.run .t4{border-color:var(--t4)}
.t0 b{color:var(--t0)}.t1 b{color:var(--t1)}.t2 b{color:var(--t2)}.t3 b{color:var(--t3)}.t4 b{color:var(--t4)}
.run .q{color:var(--ink-2)}
.run .s small{font-size:.92em;color:var(--ink);font-style:italic}
.run .e>*{color:var(--ink-2);background:var(--wash);padding-top:.35rem;padding-bottom:.35rem;font-size:.94em}
.run .e b,.run .e span{color:var(--ink)}
.run td.r{border-left:2px solid var(--paper);border-top:2px solid var(--paper);color:var(--ink);font-size:.9em;padding:.16rem .4rem!important}
.run td.r i{display:block;font-style:normal;margin:-.16rem -.4rem .2rem;padding:.16rem .4rem}
.run .all,.swatch.all{background:var(--all)}.run .some,.swatch.some{background:var(--some)}.run .free,.swatch.free{background:var(--free)}
.run .taken,.swatch.taken{background:var(--taken)}.run .still,.swatch.still{background:repeating-linear-gradient(135deg,var(--taken) 0 5px,var(--all) 5px 10px)}
.run .fatal .s{background:var(--no);font-weight:600}.run .fatal th{color:var(--bad);font-weight:600}
.run figcaption{font-weight:400;color:var(--ink-2)}
.broken{margin:.5rem 0 0;max-width:none;font-size:.87rem}.broken b{color:var(--bad)}
.stuck{margin:.2rem 0 0;padding-left:1.4rem;font-size:.87rem}
@media screen and (max-width:46rem){.matrix:not(.few) .how{display:none}.matrix:not(.few) td{white-space:normal;min-width:2.9rem}.matrix tbody th,.matrix thead th:first-child{position:sticky;left:0;background:var(--paper)}.run table{font-size:.74rem}.run col.n{width:2.9rem}.run col.r{width:4.4rem}
.run th,.run td,.run td.r{padding-left:.3rem;padding-right:.3rem}.run td.r i{margin-left:-.3rem;margin-right:-.3rem;padding-left:.3rem}}
@media screen and (max-width:34rem){.run{overflow-x:auto}.run table{min-width:32rem}}
@media print{.run figcaption,.told summary,h3{break-after:avoid}.scenarios.few{columns:3}.scenarios details{break-inside:avoid}.matrix{font-size:7pt}.matrix tbody td{min-width:0}.run table{font-size:7pt}.run col.n{width:11mm}.run col.r{width:19mm}.run thead th{position:static}
figure.run{break-inside:auto}details.rest:not([open])::details-content{content-visibility:hidden;block-size:0}}
`)
