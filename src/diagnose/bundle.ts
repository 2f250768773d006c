import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { open, readlink, rename, rm, stat } from 'node:fs/promises';
import { arch, cpus, homedir, platform, release, totalmem } from 'node:os';
import { text as readText } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { extract, pack } from 'tar-stream';
import { usageError } from '../errors/llamactl-error.js';
import { CHECKS } from './checks.js';
import { type Comparison, compareDiagnoses } from './compare.js';
import { readDiagnosis } from './document.js';
import type { Facts } from './facts.js';
import { containerLog } from './gather/containers.js';
import { containerOf, processOf } from './local-server.js';
import { createRedaction, type Redacted } from './redaction.js';
import { type Diagnosis, judge, type Selection, selectChecks } from './runner.js';

/** What is in a bundle, beside the diagnosis itself. */
export interface BundleManifest {
  readonly schemaVersion: 1;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly llamactl: string;
  readonly files: readonly string[];
  /** What was taken out, so that nobody looks for it. */
  readonly redacted: readonly Redacted[];
}

export interface BundleOptions {
  /** llamactl's. */
  readonly version: string;
  /** Taken out wherever they stand. */
  readonly secrets: readonly (string | undefined)[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The configuration as it is in force, secrets masked; absent without one. */
  readonly configuration?: unknown;
}

const LOG_BYTES = 512 * 1024;
const LARGEST_FILE = 64 * 1024 * 1024;
/** Variables that decide how clients and servers behave. Values that may be secrets are masked. */
const TELLING =
  /^(?:LLAMA|LLAMACTL|GGML|CUDA|HIP|ROCR|HSA|GPU|VK|OMP|HTTP_PROXY|HTTPS_PROXY|NO_PROXY|http_proxy|https_proxy|no_proxy|NODE_)/;
const SECRET_NAME = /KEY|TOKEN|SECRET|PASSWORD/i;

/**
 * Writes what is known of a server into one file to be handed on: the diagnosis with its facts, the environment, the
 * configuration, and the end of the server's log where it can be read. Redacted by structure.
 * @returns the manifest
 * @throws LlamactlError (usage) where the file is there already, or cannot be written
 */
export async function writeBundle(
  path: string,
  diagnosis: Diagnosis,
  { version, secrets, env, configuration }: BundleOptions,
): Promise<BundleManifest> {
  if (existsSync(path)) throw usageError(`${path} is there already: name another file for the bundle`);
  const redaction = createRedaction(secrets, homedir());
  const json = (file: string, value: unknown) => `${JSON.stringify(redaction.value(file, value), null, 2)}\n`;
  const log = (await recentLog(diagnosis.facts)) ?? (await logOfContainer(diagnosis.facts, env));
  const contents = new Map([
    ['diagnosis.json', json('diagnosis.json', diagnosis)],
    ['environment.json', json('environment.json', environmentOf(version, env))],
    ...(configuration === undefined
      ? []
      : [['configuration.json', json('configuration.json', configuration)] as const]),
    ...(log === null ? [] : [['server.log', `${redaction.log('server.log', log).join('\n')}\n`] as const]),
  ]);
  const manifest: BundleManifest = {
    schemaVersion: 1,
    createdAt: new Date().toISOString(),
    llamactl: version,
    files: [...contents.keys()],
    redacted: redaction.list(),
  };
  const archive = pack();
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const written = pipeline(
      archive,
      createGzip(),
      createWriteStream(temporary, { mode: 0o600, flags: 'wx' }),
    );
    for (const [name, content] of [
      ['manifest.json', `${JSON.stringify(manifest, null, 2)}\n`] as const,
      ...contents,
    ])
      archive.entry({ name, mode: 0o600 }, content);
    archive.finalize();
    await written;
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw usageError(
      `the bundle ${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return manifest;
}

/**
 * Writes a bundle of each diagnosis: of several, `NAME.tar.gz` becomes `NAME-TARGET.tar.gz`.
 * @param path undefined where none is wanted
 * @returns the files, and how often something was taken out of each
 */
export async function writeBundles(
  path: string,
  diagnoses: readonly Diagnosis[],
  options: BundleOptions,
): Promise<{ readonly path: string; readonly redacted: number }[]> {
  const written: { path: string; redacted: number }[] = [];
  for (const diagnosis of diagnoses) {
    const name = diagnosis.target ?? new URL(diagnosis.url).host;
    const file =
      diagnoses.length === 1
        ? path
        : path.replace(
            /(\.tar\.gz|\.tgz)?$/,
            (ending) => `-${name.replace(/[^\w.-]+/g, '_')}${ending || '.tar.gz'}`,
          );
    const { redacted } = await writeBundle(file, diagnosis, options);
    written.push({ path: file, redacted: redacted.reduce((sum, { times }) => sum + times, 0) });
  }
  return written;
}

/**
 * The diagnosis that a bundle, or a document of `--json`, holds.
 * @throws LlamactlError (usage) where it is neither
 */
export async function readBundle(path: string): Promise<Diagnosis> {
  const isArchive = await startsAsGzip(path);
  try {
    const content = isArchive
      ? await memberOf(path, 'diagnosis.json')
      : await readText(createReadStream(path));
    if (content === null) throw new Error('it holds no diagnosis.json');
    return readDiagnosis(JSON.parse(content));
  } catch (error) {
    throw usageError(
      `${path} is no bundle of llamactl diagnose: ${error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error)}`,
      [{ text: 'One is written by:', commands: ['llamactl diagnose --bundle server.tar.gz'] }],
    );
  }
}

/**
 * What changed from one bundle, or document of `--json`, to another.
 * @throws LlamactlError (usage) where they are not two, or none of ours
 */
export async function compareFiles(files: readonly string[]): Promise<Comparison> {
  const [before, after, third] = files;
  if (before === undefined || after === undefined || third !== undefined)
    throw usageError('--diff compares two: --diff BEFORE AFTER');
  return compareDiagnoses(await readBundle(before), await readBundle(after));
}

/**
 * Judges the facts of a bundle anew: the same verdict as where they were gathered, by this version's checks.
 * @throws LlamactlError (usage)
 */
export async function diagnoseBundle(path: string, selection: Selection): Promise<Diagnosis> {
  const { target, facts, discovered, durationMs } = await readBundle(path);
  const verdict = judge(facts, selectChecks(CHECKS, selection));
  return {
    schemaVersion: 1,
    target,
    url: facts.url,
    ...verdict,
    facts,
    ...(discovered === undefined ? {} : { discovered }),
    durationMs,
  };
}

async function startsAsGzip(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
      return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw usageError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** One file of the archive; nothing is ever written to disk, whatever names stand in it. */
async function memberOf(path: string, wanted: string): Promise<string | null> {
  let found: string | null = null;
  const reader = extract();
  reader.on('entry', (header, stream, next) => {
    if (header.name !== wanted || (header.size ?? 0) > LARGEST_FILE) {
      stream.on('end', next);
      stream.resume();
      return;
    }
    readText(stream).then(
      (content) => {
        found = content;
        next();
      },
      (error: unknown) => next(error instanceof Error ? error : new Error(String(error))),
    );
  });
  await pipeline(createReadStream(path), createGunzip(), reader);
  return found;
}

function environmentOf(version: string, env: BundleOptions['env']) {
  const names = Object.keys(env).filter((name) => TELLING.test(name));
  return {
    llamactl: version,
    node: process.version,
    platform: platform(),
    arch: arch(),
    release: release(),
    cpus: { count: cpus().length, model: cpus()[0]?.model ?? null },
    memoryBytes: totalmem(),
    variables: Object.fromEntries(
      names.sort().map((name) => [name, SECRET_NAME.test(name) ? '***' : env[name]]),
    ),
  };
}

/** The end of the log of the container that has this port, or had it. */
async function logOfContainer(facts: Facts, env: BundleOptions['env']): Promise<string[] | null> {
  const container = containerOf(facts);
  return container === null ? null : containerLog(container, env);
}

/** The end of the log of the process on this port, where its output goes into a file. */
async function recentLog(facts: Facts): Promise<string[] | null> {
  const process = processOf(facts);
  if (process === null) return null;
  for (const descriptor of [2, 1]) {
    const path = await readlink(`/proc/${process.pid}/fd/${descriptor}`).catch(() => null);
    if (path === null || !(await stat(path).catch(() => null))?.isFile()) continue;
    const { size } = await stat(path);
    const start = Math.max(0, size - LOG_BYTES);
    const lines = (await readText(createReadStream(path, { start }))).split('\n');
    // The first one begins somewhere in its middle.
    return start > 0 ? lines.slice(1) : lines;
  }
  return null;
}
