/** Characters of a line that are looked at. A longer one keeps its two ends: binary data and prompts stand in between. */
export const LONGEST_LINE = 16_384;

const ESC = '\u001b';
const ANSI = new RegExp(
  `${ESC}(?:\\[[0-?]*[ -/]*[@-~]|\\][^\\u0007${ESC}]{0,200}(?:\\u0007|${ESC}\\\\)|[@-Z\\\\-_])`,
  'g',
);
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f\ufffd]/g;

const CLOCK = String.raw`\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,9})?`;
const DATE = String.raw`\d{4}[-/]\d{2}[-/]\d{2}`;
const ZONE = String.raw`(?:Z|UTC|[+-]\d{2}:?\d{2})`;
const LEVEL = '(?:TRACE|DEBUG|VERB|INFO|NOTICE|WARN|WARNING|ERR|ERROR|FATAL|CRITICAL|ALERT)';

/**
 * What stands before a message, one pattern a writer, each anchored. They are taken off again and again, since writers
 * nest: journald before a router's `[port]` before a child's clock.
 */
const PREFIXES: readonly RegExp[] = [
  /^\s+/,
  // docker compose: `llama-1  | `
  /^\[?[\w.-]{1,64}\]?\s{0,24}\|\s/,
  // kubectl logs --prefix: `[pod/llama-0/server] `
  /^\[pod\/[\w.-]{1,253}\/[\w.-]{1,63}\]\s?/,
  // RFC 3339 and its relatives: docker logs -t, kubectl --timestamps, loggers; brackets around it or not
  new RegExp(`^\\[?${DATE}[T ]${CLOCK}\\s?${ZONE}?\\]?(?:\\s?[-:|]\\s)?\\s?`),
  // time alone: `[15:27:43] `
  new RegExp(`^\\[${CLOCK}\\]\\s?`),
  // syslog and journald: `May 27 19:13:24 host llama-server[919577]: `
  new RegExp(
    `^[A-Z][a-z]{2}\\s{1,2}\\d{1,2}\\s${CLOCK}\\s[\\w.-]{1,64}\\s[\\w@./-]{1,64}(?:\\[\\d+\\])?:\\s`,
  ),
  // CRI: `2026-…Z stderr F `, its time already off
  /^std(?:out|err)\s[FP]\s/,
  // containerd, klog: `E0527 19:13:24.123456       1 file.go:12] `
  /^[IWEF]\d{4}\s\d{2}:\d{2}:\d{2}\.\d{6}\s+\d+\s[\w./-]{1,64}:\d{1,6}\]\s/,
  // a router's child: `[38879] `
  /^\[\s?\d{2,6}\]\s/,
  // llama.cpp since 2024-11: `0.00.123.456 E srv  `, and without the clock
  /^\d{1,6}\.\d{2}\.\d{3}\.\d{3}\s(?=[A-Z]\s)/,
  /^[DIWE]\s(?:(?:srv|slot|que|res|cmn|spec|main|cli|common|mtmd)\s+)?/,
  // llama.cpp 2024: `INFO [            update_slots] `
  /^(?:VERB|INFO|WARN|ERR|ERROR)\s{1,2}\[\s{0,32}[\w:~()]{1,64}\]\s/,
  // loggers: `[ERROR] `, `ERROR: `, `level=error `
  new RegExp(`^\\[\\s?${LEVEL}\\s?\\](?:\\s?[-:])?\\s`, 'i'),
  /^time="?[\dT:.+Z-]{10,40}"?\slevel=\w+\s(?:source=[\w./-]+:\d+\s)?/,
];

/** More than any writer nests; a bound, since a line can repeat a prefix for ever. */
const DEEPEST = 12;

/** Fields in which JSON loggers put the message, and those that add to it. */
const MESSAGE_FIELDS = ['log', 'msg', 'MESSAGE', 'message', 'text'] as const;
const DETAIL_FIELDS = ['error', 'err', 'reason', 'exception'] as const;

/** Takes the colours off a line. */
export function stripAnsi(line: string): string {
  return line.includes(ESC) ? line.replace(ANSI, '') : line;
}

/** Shortens a line that is too long to its two ends. */
export function capLine(line: string): string {
  if (line.length <= LONGEST_LINE) return line;
  return `${line.slice(0, LONGEST_LINE / 2)} … ${line.slice(-LONGEST_LINE / 2)}`;
}

/**
 * A log line's own message: without colours, control characters, what docker, compose, kubectl, journald, syslog, CRI and
 * llama.cpp's logger write before it, and out of the JSON object that a JSON logger wrapped it in. Bodies of an API
 * (`{"error":…}`, `{"code":…,"type":…}`) are messages themselves and stay whole.
 */
export function normaliseLine(line: string): string {
  let text = clean(capLine(line));
  for (let depth = 0; depth < DEEPEST; depth++) {
    const before = text;
    for (const prefix of PREFIXES) text = text.replace(prefix, '');
    if (text.startsWith('{')) text = clean(unwrapJson(text));
    if (text === before) break;
  }
  return text.trimEnd();
}

function clean(text: string): string {
  return stripAnsi(text).replace(CONTROL, ' ');
}

function unwrapJson(text: string): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text;
  }
  if (typeof value !== 'object' || value === null) return text;
  const fields = new Map<string, unknown>(Object.entries(value));
  // An API's body, not a logger's line. Loggers have no `code` and `type` beside the message.
  if (fields.has('object') || fields.has('choices') || (fields.has('code') && fields.has('type')))
    return text;
  const message = MESSAGE_FIELDS.map((name) => fields.get(name)).find((field) => typeof field === 'string');
  if (typeof message !== 'string') return text;
  const details = DETAIL_FIELDS.map((name) => fields.get(name)).filter((field) => typeof field === 'string');
  return [message.replace(/\s*[\r\n]+\s*/g, ' ').trim(), ...details].join(' ');
}
