import type { Platform } from '../catalogue/entry.js';
import type { Remedy } from '../errors/llamactl-error.js';
import type { ExplainedEntry, ExplainedText, ListedEntry } from '../services/explain.js';
import { remedyText } from './error.js';
import { mark } from './symbols.js';
import { hanging, truncate, wrap } from './width.js';

export interface ExplainLayout {
  /** Columns to fill. Commands are never wrapped, so that they can be copied. */
  readonly width: number;
  /** Whose diagnostic commands are shown on an entry's page. Default: all platforms'. */
  readonly platform?: string;
}

const INDENT = '  ';
const EVIDENCE_SHOWN = 3;

/** What a text shows: the best match in full, a line for each further one. */
export function renderMatches(found: ExplainedText, layout: ExplainLayout): string {
  const [best, ...others] = found.matches;
  if (best === undefined || found.entry === null) return renderNothing(found.lines, layout);
  const evidence = best.evidence
    .slice(0, EVIDENCE_SHOWN)
    .map(({ line, text }) => hanging(text, layout.width, `${INDENT}line ${line}: `));
  const blocks = [
    headline(best.code, best.title, layout),
    evidence.join('\n'),
    ...remedyBlocks(found.entry.remedies, layout),
  ];
  if (others.length > 0) {
    const lines = others.map(({ code, title, evidence: [first] }) =>
      truncate(
        `${INDENT}${INDENT}${code} · ${title}${first === undefined ? '' : ` (line ${first.line})`}`,
        layout.width,
      ),
    );
    blocks.push([`${INDENT}Also found:`, ...lines].join('\n'));
  }
  blocks.push(`${INDENT}More: llamactl explain ${best.code}`);
  return blocks.join('\n\n');
}

/** The page of one code. */
export function renderEntry(entry: ExplainedEntry, layout: ExplainLayout): string {
  const blocks = [
    wrap(`${entry.code} · ${entry.title}`, layout.width),
    wrap(entry.explanation, layout.width, INDENT),
    [`${INDENT}Causes`, ...entry.causes.map((cause) => hanging(cause, layout.width, `${INDENT}- `))].join(
      '\n',
    ),
    ...remedyBlocks(entry.remedies, layout),
    [
      `${INDENT}To find out more:`,
      ...diagnosticsOf(entry, layout.platform).map((command) => `${INDENT}${INDENT}${command}`),
    ].join('\n'),
    `${INDENT}${entry.type}\n${INDENT}${entry.link}`,
  ];
  return blocks.join('\n\n');
}

/** All codes with their titles in two columns, a paragraph a family. */
export function renderList(entries: readonly ListedEntry[], layout: ExplainLayout): string {
  const column = Math.max(0, ...entries.map(({ code }) => code.length)) + 2;
  const families = new Map<string, string[]>();
  for (const { code, title } of entries) {
    const family = code.slice(0, code.indexOf('.'));
    const lines = families.get(family) ?? [];
    families.set(family, lines);
    lines.push(hanging(title, layout.width, code.padEnd(column)));
  }
  return [...families.values()].map((lines) => lines.join('\n')).join('\n\n');
}

function renderNothing(lines: number, layout: ExplainLayout): string {
  const read = lines === 1 ? 'the line' : `the ${lines.toLocaleString('en-US')} lines`;
  return [
    wrap(`Nothing in ${read} is a known failure of llama-server.`, layout.width),
    '',
    `${INDENT}To examine a running server:`,
    `${INDENT}${INDENT}llamactl diagnose`,
    `${INDENT}To see all failures that are known:`,
    `${INDENT}${INDENT}llamactl explain --list`,
  ].join('\n');
}

function headline(code: string, title: string, layout: ExplainLayout): string {
  return wrap(`${mark('bad')} ${code} · ${title}`, layout.width);
}

function remedyBlocks(remedies: readonly Remedy[], layout: ExplainLayout): string[] {
  return remedies.map(({ text, commands }) =>
    [
      wrap(remedyText(text, commands), layout.width, INDENT),
      ...commands.map((command) => `${INDENT}${INDENT}${command}`),
    ].join('\n'),
  );
}

function diagnosticsOf(entry: ExplainedEntry, platform: string | undefined): string[] {
  const order: readonly (Platform | 'any')[] = ['any', 'linux', 'darwin', 'win32'];
  const shown = order.filter((name) => name === 'any' || platform === undefined || name === platform);
  return [...new Set(shown.flatMap((name) => entry.diagnostics[name] ?? []))];
}
