import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../fixtures/wire', import.meta.url));

/** One recorded exchange with a real llama-server, or a real Ollama. */
export interface Exchange {
  readonly label: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: unknown;
  };
  readonly response?: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: unknown;
  };
  readonly error?: { readonly name: string; readonly message: string; readonly code?: string };
}

export interface Recording {
  readonly build: string;
  /** `default`, `auth` …: the server's configuration. */
  readonly name: string;
  readonly exchanges: readonly Exchange[];
}

/** Builds of Ollama, as their folders are named. */
export const isOllama = (build: string) => build.startsWith('ollama-');

/** Every recording of every build. */
export function recordings(): Recording[] {
  return readdirSync(FOLDER).flatMap((build) =>
    readdirSync(join(FOLDER, build))
      .filter((file) => file.endsWith('.json'))
      .map((file) => {
        const { exchanges = [] } = JSON.parse(readFileSync(join(FOLDER, build, file), 'utf8')) as {
          exchanges?: Exchange[];
        };
        return { build, name: file.replace(/\.json$/, ''), exchanges };
      }),
  );
}

/** The last of a stream whose server was ended by a signal in mid-answer. */
export interface StoppedStream {
  readonly build: string;
  readonly signal: 'SIGKILL' | 'SIGTERM';
  readonly stream: {
    readonly status: number;
    readonly events: number;
    readonly tail: string;
    readonly err: {
      readonly name: string;
      readonly message: string;
      readonly code: string;
      readonly cause: string;
    };
  };
}

/** The recorded streams that a signal ended, of every build. */
export function stoppedStreams(): StoppedStream[] {
  return filesOf(/^stop-midstream-(\w+)\.json$/).map(({ build, match, text }) => {
    const { stream } = JSON.parse(text) as Pick<StoppedStream, 'stream'>;
    return { build, signal: match.toUpperCase() as StoppedStream['signal'], stream };
  });
}

/** The raw events of routers' `/models/sse`, of every build that has one. */
export function eventStreams(): { readonly build: string; readonly text: string }[] {
  return filesOf(/^(router-events)\.sse\.txt$/);
}

function filesOf(pattern: RegExp): { build: string; match: string; text: string }[] {
  return readdirSync(FOLDER).flatMap((build) =>
    readdirSync(join(FOLDER, build)).flatMap((file) => {
      const match = pattern.exec(file)?.[1];
      return match === undefined
        ? []
        : [{ build, match, text: readFileSync(join(FOLDER, build, file), 'utf8') }];
    }),
  );
}

/** One exchange, e.g. `recorded('v0.6.0', 'default', 'chat')`. */
export function recorded(build: string, name: string, label: string): Exchange {
  const found = recordings()
    .find((recording) => recording.build === build && recording.name === name)
    ?.exchanges.find((exchange) => exchange.label === label);
  if (found === undefined) throw new Error(`no recorded exchange ${build}/${name} "${label}"`);
  return found;
}

/** A response's body as the text that it was. */
export function bodyText(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}
