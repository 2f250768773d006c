import type { Remedy } from '../errors/llamactl-error.js';
import type { CatalogueEntry, RemedyContext } from './entry.js';

/** The placeholders that texts of the catalogue may hold, written `{name}`. */
export const PLACEHOLDERS = [
  'url',
  'host',
  'port',
  'nextPort',
  'model',
  'flag',
  'contextSize',
  'totalContext',
  'slots',
  'path',
] as const;

export type Placeholder = (typeof PLACEHOLDERS)[number];

const PLACEHOLDER = new RegExp(`\\{(${PLACEHOLDERS.join('|')})\\}`, 'g');

/** What a placeholder reads as where its value is not known. The port and the context size are what people start with. */
const FALLBACK = {
  host: 'localhost',
  port: 8080,
  model: 'MODEL',
  flag: '--FLAG',
  contextSize: 8192,
  slots: 4,
  path: '/v1/models',
} as const;

/**
 * The values of all placeholders. What is not given is derived (the port from the URL, the URL from host and port),
 * else falls back: `http://localhost:8080`, `MODEL`, `--FLAG`, 8192 tokens, 4 slots, `/v1/models`.
 */
export function placeholderValues(context: RemedyContext): Readonly<Record<Placeholder, string>> {
  const parsed = context.url === undefined ? undefined : parseUrl(context.url);
  const host = context.host ?? parsed?.hostname ?? FALLBACK.host;
  const port = context.port ?? portOf(parsed) ?? FALLBACK.port;
  const contextSize = context.contextSize ?? FALLBACK.contextSize;
  const slots = context.slots ?? FALLBACK.slots;
  return {
    url: context.url ?? `http://${host}:${port}`,
    host,
    port: String(port),
    nextPort: String(port < 65_535 ? port + 1 : port - 1),
    model: context.model ?? FALLBACK.model,
    flag: context.flag ?? FALLBACK.flag,
    contextSize: String(contextSize),
    totalContext: String(contextSize * slots),
    slots: String(slots),
    path: context.path ?? FALLBACK.path,
  };
}

/** Fills a sentence. Braces that are no placeholder (JSON, Go templates) stay as they are. */
export function fillText(text: string, context: RemedyContext = {}): string {
  const values = placeholderValues(context);
  return replace(text, (name) => values[name]);
}

/** Fills a command. Values that a shell would take apart are quoted. */
export function fillCommand(command: string, context: RemedyContext = {}): string {
  const values = placeholderValues(context);
  return replace(forSocket(command, context.url), (name) =>
    // A flag may come with its value: `--slot-save-path DIR` stays two words.
    name === 'flag' ? values.flag.split(/\s+/).map(shellQuote).join(' ') : shellQuote(values[name]),
  );
}

/** An entry's remedies with the actual URL, port, model and flag in their texts and commands. */
export function fillRemedies(entry: Pick<CatalogueEntry, 'remedies'>, context: RemedyContext = {}): Remedy[] {
  return entry.remedies.map(({ text, commands }) => ({
    text: fillText(text, context),
    // By address, and by host and port: where one says nothing that the other does not, it stands there once.
    commands: [...new Set(commands.map((command) => fillCommand(command, context)))],
  }));
}

/** A word as POSIX shells read it back unchanged. Left bare where that is safe, so that commands stay readable. */
export function shellQuote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** What a command says of host and port, for a server on a unix socket. */
function forSocket(command: string, url: string | undefined): string {
  if (!url?.startsWith('unix:')) return command;
  const path = shellQuote(url.slice('unix:'.length));
  return command
    .replace('curl {url}', `curl --unix-socket ${path} http://localhost`)
    .replace(/(?:--host 0\.0\.0\.0 )?--port \{port\}/, `--host ${path}`);
}

function replace(text: string, valueFor: (name: Placeholder) => string): string {
  return text.replace(PLACEHOLDER, (_, name: Placeholder) => valueFor(name));
}

function parseUrl(url: string): URL | undefined {
  return /^https?:/.test(url) && URL.canParse(url) ? new URL(url) : undefined;
}

function portOf(url: URL | undefined): number | undefined {
  if (url === undefined) return undefined;
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}
