import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { usageError } from '../../errors/llamactl-error.js';
import { type Manifest, type ParseFailure, parseManifests } from './manifest.js';

export interface Sources {
  readonly manifests: readonly Manifest[];
  readonly failures: readonly ParseFailure[];
  /** Files that were passed over, with the reason. */
  readonly notes: readonly string[];
}

type Stdin = AsyncIterable<Uint8Array | string> & { readonly isTTY?: boolean };

/**
 * Reads manifests: files, folders (their YAML and JSON, to any depth), and stdin as `-`.
 * @throws LlamactlError (usage) where something is not there, or nothing is piped in
 */
export async function readSources(paths: readonly string[], stdin: Stdin): Promise<Sources> {
  if (paths.length === 0 && stdin.isTTY === true) throw nothingGiven();
  const sources: Sources[] = [];
  for (const path of paths.length === 0 ? ['-'] : paths) sources.push(await readOne(path, stdin));
  return {
    manifests: sources.flatMap(({ manifests }) => manifests),
    failures: sources.flatMap(({ failures }) => failures),
    notes: sources.flatMap(({ notes }) => notes),
  };
}

async function readOne(path: string, stdin: Stdin): Promise<Sources> {
  if (path === '-') return parsed('stdin', await textOf(stdin), false);
  const found = await stat(path).catch(() => null);
  if (found === null) throw usageError(`there is no file or folder ${path}`);
  if (!found.isDirectory()) return parsed(path, await readFile(path, 'utf8'), false);
  const files = (await readdir(path, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && /\.(?:ya?ml|json)$/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !/[\\/](?:node_modules|\.[^\\/]+)[\\/]/.test(file))
    .sort();
  const all = await Promise.all(files.map(async (file) => parsed(file, await readFile(file, 'utf8'), true)));
  return {
    manifests: all.flatMap(({ manifests }) => manifests),
    failures: all.flatMap(({ failures }) => failures),
    notes: all.flatMap(({ notes }) => notes),
  };
}

/** @param passing whether a template, which is no YAML yet, is passed over */
function parsed(file: string, text: string, passing: boolean): Sources {
  const result = parseManifests(file, text);
  if (Array.isArray(result)) return { manifests: result, failures: [], notes: [] };
  if (!text.includes('{{')) return { manifests: [], failures: [result], notes: [] };
  if (passing) return { manifests: [], failures: [], notes: [`${file} is a template: not read`] };
  throw usageError(`${file} is a template, and no YAML yet`, [
    { text: 'Let Helm fill it:', commands: ['helm template . | llamactl deploy-gen verify -'] },
  ]);
}

async function textOf(stdin: Stdin): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

function nothingGiven() {
  return usageError('there is nothing to verify: give files, folders, or - for stdin', [
    {
      text: 'For example:',
      commands: [
        'llamactl deploy-gen verify compose.yaml',
        'kubectl get deploy,svc -o yaml | llamactl deploy-gen verify -',
      ],
    },
  ]);
}
