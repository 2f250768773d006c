import { join } from 'node:path';
import * as z from 'zod';
import type { ModelInfo } from './types.js';

/** Milliseconds: long enough for a session of commands, short enough that a changed alias is soon seen. */
const LIFE = 10 * 60_000;
const VERSION = 2;

/**
 * What identifies the server behind a base URL, as its `/props` tells: one that was started with another build, model,
 * name or context makes the facts void.
 */
export interface ServerIdentity {
  readonly buildInfo: string;
  readonly modelPath: string;
  readonly modelAlias: string | null;
  /** Tokens. */
  readonly contextPerSlot: number | null;
}

const entrySchema = z.object({
  version: z.literal(VERSION),
  baseUrl: z.string(),
  savedAt: z.number(),
  buildInfo: z.string(),
  modelPath: z.string(),
  modelAlias: z.string().nullable(),
  contextPerSlot: z.number().nullable(),
  models: z.array(
    z.object({
      id: z.string(),
      aliases: z.array(z.string()),
      parameters: z.number().nullable(),
      sizeBytes: z.number().nullable(),
      quantization: z.string().nullable(),
      contextPerSlot: z.number().nullable(),
      contextTrained: z.number().nullable(),
      status: z.enum(['ready', 'loading', 'asleep', 'unloaded', 'failed', 'downloading', 'unknown']),
    }),
  ),
});
type Entry = z.infer<typeof entrySchema>;

/**
 * The models of servers, by base URL: in memory, and where a folder is given on disk, so that the next command asks one
 * question less. Never an error: what cannot be read or written is asked again.
 */
export class FactsCache {
  readonly #directory: string | undefined;
  readonly #secret: string | undefined;
  readonly #memory = new Map<string, Entry>();

  /** @param secret what must not be written, also where a server sends it back among its facts */
  constructor(directory?: string, secret?: string) {
    this.#directory = directory;
    this.#secret = secret || undefined;
  }

  async get(baseUrl: string, identity: ServerIdentity): Promise<readonly ModelInfo[] | null> {
    const entry = this.#memory.get(baseUrl) ?? (await this.#read(baseUrl));
    const fresh =
      entry !== null &&
      entry.baseUrl === baseUrl &&
      entry.buildInfo === identity.buildInfo &&
      entry.modelPath === identity.modelPath &&
      entry.modelAlias === identity.modelAlias &&
      entry.contextPerSlot === identity.contextPerSlot &&
      Math.abs(Date.now() - entry.savedAt) < LIFE;
    return fresh ? entry.models : null;
  }

  async set(baseUrl: string, identity: ServerIdentity, models: readonly ModelInfo[]): Promise<void> {
    const known = models.map((model) => ({ ...model, aliases: [...model.aliases] }));
    const entry: Entry = { version: VERSION, savedAt: Date.now(), baseUrl, ...identity, models: known };
    this.#memory.set(baseUrl, entry);
    const text = JSON.stringify(entry);
    if (this.#directory === undefined || (this.#secret !== undefined && text.includes(this.#secret))) return;
    const file = this.#fileOf(this.#directory, baseUrl);
    const temporary = `${file}.${process.pid}`;
    try {
      const [{ rename, writeFile }, { makeFolder }] = await Promise.all([
        import('node:fs/promises'),
        import('./make-folder.js'),
      ]);
      await makeFolder(this.#directory, 0o700);
      await writeFile(temporary, text, { mode: 0o600 });
      await rename(temporary, file);
    } catch {
      // A cache that cannot be written costs one request the next time.
    }
  }

  async #read(baseUrl: string): Promise<Entry | null> {
    if (this.#directory === undefined) return null;
    try {
      const { readFile } = await import('node:fs/promises');
      const text = await readFile(this.#fileOf(this.#directory, baseUrl), 'utf8');
      return entrySchema.safeParse(JSON.parse(text)).data ?? null;
    } catch {
      return null;
    }
  }

  #fileOf(directory: string, baseUrl: string): string {
    // Readable, and without loading a hash function; two URLs that differ only in punctuation share a file, in turn.
    return join(directory, `${baseUrl.replace(/[^a-z0-9.]+/gi, '_').slice(0, 120)}.json`);
  }
}
