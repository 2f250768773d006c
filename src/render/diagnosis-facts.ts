import type { Diagnosis } from '../diagnose/runner.js';
import { bytes, count, duration } from './format.js';
import { dim, mark } from './symbols.js';
import { displayWidth, padEnd, wrap } from './width.js';

/** A fact as far as its wrapping goes: what is in it is taken as it comes, so that new facts need nothing here. */
type Wrapped =
  | { readonly state: 'known'; readonly value: unknown; readonly durationMs: number }
  | { readonly state: 'failed'; readonly error: { readonly code: string; readonly message: string } }
  | { readonly state: 'not-asked'; readonly reason: string };

/** A leaf by its path inside the fact, as in the document of `--json`: `default_generation_settings.n_ctx`. */
type Leaf = readonly [path: string, text: string];

/** Leaves that fit on the fact's own line. */
const FEW = 3;
const LONGEST_NAME = 46;

/** What the checks reasoned from, by the names that `--json` gives it: a line a fact, and of a larger one a line a value. */
export function renderFacts({ facts }: Diagnosis, width: number): string {
  const { deep, local, ...others } = facts;
  const all: readonly (readonly [string, unknown])[] = [
    ...Object.entries(others),
    ['local', briefly(local, facts.url)],
    ...Object.entries(deep).map(([name, fact]) => [`deep.${name}`, fact] as const),
  ];
  const column = Math.max(...all.map(([name]) => name.length));
  return all.map(([name, fact]) => renderFact(padEnd(name, column), fact, width)).join('\n');
}

/** This machine, its other servers in a line each: what they are doing is another diagnosis. */
function briefly(local: Diagnosis['facts']['local'], url: string): unknown {
  if (local.state !== 'known') return local;
  const { processes, ...others } = local.value;
  const port = Number(new URL(url).port);
  const told = processes.map((process) => {
    const { pid, args, listens, ports } = process;
    return ports.includes(port) ? process : `${pid} on ${listens.join(', ') || 'no port'}: ${args.join(' ')}`;
  });
  return { ...local, value: { ...others, ...(told.length > 0 ? { processes: told } : {}) } };
}

function renderFact(name: string, fact: unknown, width: number): string {
  const line = (text: string) => hanging(`  ${name}  `, text, width);
  if (!isWrapped(fact)) return values(name, leavesOf(fact), '', width);
  switch (fact.state) {
    case 'known':
      return values(name, leavesOf(fact.value), duration(fact.durationMs), width);
    case 'failed':
      return line(`${mark('bad')} ${fact.error.code}: ${fact.error.message}`);
    case 'not-asked':
      return line(`${mark('skipped')} ${fact.reason}`);
  }
}

function values(name: string, leaves: readonly Leaf[], time: string, width: number): string {
  const start = `  ${name}  `;
  const short = [...leaves.map(([path, text]) => `${path} ${text}`.trim()), time].filter(Boolean).join(' · ');
  if (leaves.length <= FEW && displayWidth(start + short) <= width) return `${start}${short}`;
  const column = Math.min(LONGEST_NAME, Math.max(...leaves.map(([path]) => displayWidth(path))));
  return [
    `${start}${dim(time)}`.trimEnd(),
    ...leaves.map(([path, text]) => hanging(`    ${padEnd(path, column)}  `, text, width)),
  ].join('\n');
}

/** A text behind its name, its further lines below its first one. */
function hanging(start: string, text: string, width: number): string {
  const indent = Math.min(displayWidth(start), Math.floor(width / 2));
  const lines = wrap(text, width - displayWidth(start) > 20 ? width - displayWidth(start) : width - indent);
  return start + lines.replaceAll('\n', `\n${' '.repeat(indent)}`);
}

function leavesOf(value: unknown, path = ''): Leaf[] {
  if (value === null || typeof value !== 'object') return [[path, leafText(path, value)]];
  if (Array.isArray(value)) {
    if (value.length === 0) return [[path, 'none']];
    if (value.every((each) => typeof each !== 'object'))
      return [[path, value.map((each) => leafText(path, each)).join(path.endsWith('args') ? ' ' : ', ')]];
    return value.flatMap((each, index) => leavesOf(each, `${path}[${index}]`));
  }
  return Object.entries(value).flatMap(([key, inner]) =>
    leavesOf(inner, path === '' ? key : `${path}.${key}`),
  );
}

function leafText(path: string, value: unknown): string {
  if (value === null) return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value !== 'number') return String(value);
  if (/Ms$/.test(path)) return duration(value);
  if (/Bytes$/.test(path)) return bytes(value);
  if (/pid$|ports?$|publishes$|inside\.|exitCode$/.test(path)) return String(value);
  return Number.isInteger(value) ? count(value) : String(Number(value.toPrecision(4)));
}

function isWrapped(fact: unknown): fact is Wrapped {
  return typeof fact === 'object' && fact !== null && 'state' in fact && typeof fact.state === 'string';
}
