import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../layout/import-graph.js';
import type { Block } from './markdown.js';

/** The port that pages speak of; the server under test has another. */
const SHOWN_PORT = 8080;

/** How a block is to be run: `run`, `run exit=10 server=none`. */
export interface RunMark {
  readonly exit: number;
  /** `tiny`: the built-in model. `auth`: the same behind a key. `none`: nothing listens. */
  readonly server: 'tiny' | 'auth' | 'none';
  /** Whether LLAMACTL_URL is left out, since the page is about a configuration file. */
  readonly config: boolean;
}

/** What a block's mark asks for; null where it is not to be run. @throws Error for what is no such mark */
export function runMarkOf({ mark }: Pick<Block, 'mark'>): RunMark | null {
  const [word, ...options] = (mark ?? '').split(/\s+/);
  if (word !== 'run') return null;
  const known = options.map((option) => /^(?:exit=(\d+)|server=(tiny|auth|none)|(config))$/.exec(option));
  if (known.includes(null)) throw new Error(`no such mark: <!-- ${mark} -->`);
  const server = known.flatMap((match) => match?.[2] ?? [])[0];
  return {
    exit: Number(known.flatMap((match) => match?.[1] ?? [])[0] ?? 0),
    server: server === 'auth' || server === 'none' ? server : 'tiny',
    config: known.some((match) => match?.[3] !== undefined),
  };
}

export interface ShownRun {
  readonly exit: number | null;
  readonly out: string;
  readonly err: string;
  /** Both, in the order in which they came. */
  readonly text: string;
}

/**
 * Runs a script as a reader would: `llamactl` is on PATH, the folder is the page's own, the home is empty, 80 columns, no
 * colour. What the page shows as port 8080 is the port given, and the other way round in the output.
 * @param paths what else is shown otherwise than it is, e.g. the model's file
 */
export async function runScript(
  script: string,
  folder: string,
  { port, config }: { readonly port: number; readonly config: boolean },
  paths: Readonly<Record<string, string>>,
): Promise<ShownRun> {
  const bin = join(folder, '.bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(
    join(bin, 'llamactl'),
    `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'bin', 'run.js')}' "$@"\n`,
  );
  chmodSync(join(bin, 'llamactl'), 0o755);
  const child = spawn('sh', ['-c', script.replaceAll(String(SHOWN_PORT), String(port))], {
    cwd: folder,
    env: {
      PATH: `${bin}:${process.env['PATH']}`,
      HOME: join(folder, '.home'),
      NO_COLOR: '1',
      COLUMNS: '80',
      ...(config ? {} : { LLAMACTL_URL: `http://localhost:${port}` }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const parts: { readonly stream: 'out' | 'err'; readonly text: string }[] = [];
  for (const [stream, pipe] of [
    ['out', child.stdout],
    ['err', child.stderr],
  ] as const)
    pipe.setEncoding('utf8').on('data', (text: string) => parts.push({ stream, text }));
  const exit = await new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
  const shown = (streams: readonly string[]) => {
    let text = parts
      .filter(({ stream }) => streams.includes(stream))
      .map((part) => part.text)
      .join('');
    for (const [real, instead] of Object.entries(paths)) text = text.replaceAll(real, instead);
    return text
      .replaceAll(String(port), String(SHOWN_PORT))
      .replaceAll(String(port + 1), String(SHOWN_PORT + 1));
  };
  return { exit, out: shown(['out']), err: shown(['err']), text: shown(['out', 'err']) };
}

// --- outputs: as the page has them, and as they are ----------------------------------------------------------------

/** On a page: what is left out here. Alone on a line of a text, or as a value or key of JSON. */
const LEFT_OUT = '…';

/** A text without what differs from run to run: numbers and their units, bars, where lines break. */
export function normalised(text: string): string {
  return text
    .replace(/\d[\d.,:]*\d|\d/g, '0')
    .replace(/\b0\s(?:ms|s|m|min)\b/g, '0 T')
    .replace(/[█░]+/g, '▒')
    .replace(/\s+/g, ' ')
    .trim();
}

/** The lines of a real output that a page shows of it: all, or as many before and after `…` as the page has. */
export function textAsShown(shown: string, real: string): string {
  const lines = real.replace(/\s+$/, '').split('\n');
  const shownLines = shown.split('\n');
  const cut = shownLines.findIndex((line) => line.trim() === LEFT_OUT);
  if (cut < 0) return lines.map((line) => line.trimEnd()).join('\n');
  const after = shownLines.length - cut - 1;
  return [...lines.slice(0, cut), LEFT_OUT, ...(after > 0 ? lines.slice(-after) : [])].join('\n');
}

/** The part of a real JSON value that a page shows of it. */
export function jsonAsShown(shown: unknown, real: unknown): unknown {
  if (shown === LEFT_OUT) return LEFT_OUT;
  if (Array.isArray(real)) {
    if (!Array.isArray(shown)) return real;
    const isCut = shown.at(-1) === LEFT_OUT;
    const kept = isCut ? real.slice(0, shown.length - 1) : real;
    return [...kept.map((each, index) => jsonAsShown(shown[index], each)), ...(isCut ? [LEFT_OUT] : [])];
  }
  if (!isObject(real) || !isObject(shown)) return real;
  const isCut = LEFT_OUT in shown;
  const kept = Object.entries(real).filter(([key]) => !isCut || key in shown);
  return {
    ...Object.fromEntries(kept.map(([key, value]) => [key, jsonAsShown(shown[key], value)])),
    ...(isCut ? { [LEFT_OUT]: LEFT_OUT } : {}),
  };
}

/** A JSON value without what differs from run to run: numbers, and those within strings. */
export function jsonShape(value: unknown): unknown {
  if (typeof value === 'number') return 0;
  if (typeof value === 'string') return normalised(value);
  if (Array.isArray(value)) return value.map(jsonShape);
  return isObject(value)
    ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, jsonShape(each)]))
    : value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
