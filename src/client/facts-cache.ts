import { join } from 'node:path';
import type { ModelInfo } from './types.js';

/** Milliseconds: long enough for a session of commands, short enough that a changed alias is soon seen. */
const LIFE = 10 * 60_000;
const VERSION = 1;

/** What identifies the server behind a base URL: another build or model makes the facts void. */
export interface ServerIdentity {
  readonly buildInfo: string;
  readonly modelPath: string;
}

interface Entry extends ServerIdentity {
  readonly baseUrl: string;
  readonly version: number;
  readonly savedAt: number;
  readonly models: readonly ModelInfo[];
}

/**
 * The models of servers, by base URL: in memory, and where a folder is given on disk, so that the next command asks one
 * question less. Never an error: what cannot be read or written is asked again.
 */
export class FactsCache {
  readonly #directory: string | undefined;
  readonly #memory = new Map<string, Entry>();

  constructor(directory?: string) {
    this.#directory = directory;
  }

  async get(baseUrl: string, identity: ServerIdentity): Promise<readonly ModelInfo[] | null> {
    const entry = this.#memory.get(baseUrl) ?? (await this.#read(baseUrl));
    const fresh =
      entry !== null &&
      entry.baseUrl === baseUrl &&
      entry.buildInfo === identity.buildInfo &&
      entry.modelPath === identity.modelPath &&
      Math.abs(Date.now() - entry.savedAt) < LIFE;
    return fresh ? entry.models : null;
  }

  async set(baseUrl: string, identity: ServerIdentity, models: readonly ModelInfo[]): Promise<void> {
    const entry: Entry = { version: VERSION, savedAt: Date.now(), baseUrl, ...identity, models };
    this.#memory.set(baseUrl, entry);
    if (this.#directory === undefined) return;
    const file = this.#fileOf(this.#directory, baseUrl);
    const temporary = `${file}.${process.pid}`;
    try {
      const { mkdir, rename, writeFile } = await import('node:fs/promises');
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      await writeFile(temporary, JSON.stringify(entry), { mode: 0o600 });
      await rename(temporary, file);
    } catch {
      // A cache that cannot be written costs one request the next time.
    }
  }

  async #read(baseUrl: string): Promise<Entry | null> {
    if (this.#directory === undefined) return null;
    try {
      const { readFile } = await import('node:fs/promises');
      const parsed: unknown = JSON.parse(await readFile(this.#fileOf(this.#directory, baseUrl), 'utf8'));
      return isEntry(parsed) ? parsed : null;
    } catch {
      return null;
    }
  }

  #fileOf(directory: string, baseUrl: string): string {
    // Readable, and without loading a hash function; two URLs that differ only in punctuation share a file, in turn.
    return join(directory, `${baseUrl.replace(/[^a-z0-9.]+/gi, '_').slice(0, 120)}.json`);
  }
}

function isEntry(value: unknown): value is Entry {
  return (
    typeof value === 'object' &&
    value !== null &&
    'version' in value &&
    value.version === VERSION &&
    'models' in value &&
    Array.isArray(value.models) &&
    'savedAt' in value &&
    'baseUrl' in value &&
    'buildInfo' in value &&
    'modelPath' in value
  );
}
