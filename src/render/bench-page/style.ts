/** The page's look: no script, no font and no picture of elsewhere; light or dark as the reader's system is. */
export const STYLE = `
:root { color-scheme: light dark; --ground: #fff; --card: #f6f7f9; --text: #16191d; --muted: #5c6570; --line: #dfe3e8;
  --good: #0a7d4b; --bad: #c3271b; --warning: #8a5a00;
  --ttft: #0072b2; --e2e: #d55e00; --client: #8c8c8c; --network: #56b4e9; --queue: #e69f00; --prefill: #0072b2; --decode: #009e73; }
@media (prefers-color-scheme: dark) { :root { --ground: #14171b; --card: #1d2127; --text: #e8eaed; --muted: #9aa4b0; --line: #333a43;
  --good: #4cc38a; --bad: #ff7b6b; --warning: #f0b429; --ttft: #58a6ff; --e2e: #ff9a52; --prefill: #58a6ff; --decode: #35c496; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px 20px 48px; max-width: 1080px; background: var(--ground); color: var(--text);
  font: 15px/1.5 system-ui, sans-serif; }
h1, .facts, td.text { overflow-wrap: anywhere; }
h1 { font-size: 22px; line-height: 1.3; margin: 0 0 4px; }
h2 { font-size: 15px; margin: 0 0 8px; }
.good { color: var(--good); } .bad { color: var(--bad); } .warning { color: var(--warning); }
.facts { color: var(--muted); margin: 0 0 20px; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 0 0 12px; padding: 0; list-style: none; }
.cards li, section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; }
.cards b { display: block; font-size: 20px; font-variant-numeric: tabular-nums; }
.cards span { color: var(--muted); font-size: 13px; }
.grid-2 { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 12px; }
section { margin: 0 0 12px; min-width: 0; overflow-x: auto; }
.grid-2 section { margin: 0; }
.grid-2 { margin-bottom: 12px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 4px 10px; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
td.text { text-align: left; white-space: normal; }
tr:last-child td { border-bottom: 0; }
th { color: var(--muted); font-weight: 600; font-size: 13px; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--muted); font-size: 12px; }
.grid { stroke: var(--line); } .axis { stroke: var(--muted); }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.dot { opacity: .65; } .cross { stroke: var(--bad); stroke-width: 2; fill: none; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 8px 0 0; padding: 0; list-style: none; color: var(--muted); font-size: 13px; }
.legend i { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 6px; }
.line.ttft { stroke: var(--ttft); } .line.e2e { stroke: var(--e2e); } .line.decode { stroke: var(--decode); }
.bar.ttft, .dot.ttft { fill: var(--ttft); } .bar.e2e, .dot.e2e { fill: var(--e2e); } .dot.decode { fill: var(--decode); }
.bar.client { fill: var(--client); } .bar.network { fill: var(--network); } .bar.queue { fill: var(--queue); }
.bar.prefill { fill: var(--prefill); } .bar.decode { fill: var(--decode); }
i.ttft { background: var(--ttft); } i.e2e { background: var(--e2e); } i.failed { background: var(--bad); }
i.client { background: var(--client); } i.network { background: var(--network); } i.queue { background: var(--queue); }
i.prefill { background: var(--prefill); } i.decode { background: var(--decode); }
ul.notes { margin: 0; padding-left: 18px; }
code { font: 13px/1.4 ui-monospace, monospace; }
footer { color: var(--muted); font-size: 13px; }
`;
