import type { Finding } from '../../catalogue/entry.js';
import { usageError } from '../../errors/llamactl-error.js';
import { type Manifest, pathText } from './manifest.js';
import { readSources } from './read.js';
import type { Flaw } from './rule.js';
import { RULES } from './rules.js';
import { serversOf } from './server.js';

/** Something wrong with a manifest: a finding of the catalogue, and its place. */
export interface ManifestFinding extends Finding {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** `services.llama.command[3]`; empty for a whole file. */
  readonly path: string;
  /** The rule that found it. */
  readonly check: string;
}

/** The document of `deploy-gen verify --json`. */
export interface Verification {
  /** Whether nothing is wrong that keeps a server from working, or from being safe. */
  readonly valid: boolean;
  readonly findings: readonly ManifestFinding[];
  /** What runs llama-server, by the name of its service or container. */
  readonly servers: readonly { readonly file: string; readonly name: string; readonly line: number }[];
}

const RANKS = { error: 90, warning: 60, info: 30 } as const;

/**
 * Checks manifests against what is known of llama-server.
 * @param paths files, folders, `-` for stdin
 * @throws LlamactlError (usage) where one is not there, or nothing in them runs llama-server
 */
export async function verifyPaths(
  paths: readonly string[],
  stdin: AsyncIterable<Uint8Array | string> & { readonly isTTY?: boolean },
): Promise<{ readonly verification: Verification; readonly notes: readonly string[] }> {
  const { manifests, failures, notes } = await readSources(paths, stdin);
  const broken = failures.map(
    ({ file, line, message }): ManifestFinding => ({
      code: 'config.invalid',
      severity: 'error',
      title: `this is no YAML: ${message}`,
      evidence: [],
      remedies: [],
      rank: RANKS.error,
      check: 'yaml',
      file,
      line,
      path: '',
    }),
  );
  const verification = verifyManifests(manifests);
  const isAbout = verification.servers.length > 0 || verification.findings.length > 0 || broken.length > 0;
  if (!isAbout && !manifests.some(({ value }) => JSON.stringify(value ?? null).includes('llamacpp')))
    throw noServer(paths);
  return {
    verification: {
      ...verification,
      valid: verification.valid && broken.length === 0,
      findings: [...broken, ...verification.findings],
    },
    notes,
  };
}

/** Checks manifests that belong together. Pure. Findings come by file and line. */
export function verifyManifests(manifests: readonly Manifest[]): Verification {
  const servers = manifests.flatMap(serversOf);
  const findings = RULES.flatMap((rule) =>
    rule.find({ manifests, servers }).map((flaw) => findingOf(flaw, rule.id)),
  );
  const files = [...new Set(manifests.map(({ file }) => file))];
  const sorted = distinct(findings).sort(
    (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || b.rank - a.rank,
  );
  return {
    valid: sorted.every(({ severity }) => severity !== 'error'),
    findings: sorted,
    servers: servers.map(({ manifest, name, at }) => ({
      file: manifest.file,
      name,
      line: manifest.lineOf(at),
    })),
  };
}

function findingOf(
  { code, severity, title, evidence = [], remedies, manifest, at, word }: Flaw,
  check: string,
): ManifestFinding {
  return {
    code,
    severity,
    title,
    evidence,
    remedies,
    rank: RANKS[severity],
    check,
    file: manifest.file,
    line: manifest.lineOf(at, word),
    path: pathText(at),
  };
}

/** Services that share an anchor share its flaws: each is told once. */
function distinct(findings: readonly ManifestFinding[]): ManifestFinding[] {
  const seen = new Set<string>();
  return findings.filter(({ file, line, title }) => {
    const key = `${file}\n${line}\n${title}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function noServer(paths: readonly string[]) {
  return usageError(`nothing in ${paths.length === 0 ? 'stdin' : paths.join(', ')} runs llama-server`, [
    {
      text: 'A container counts whose image or command is that of llama.cpp. Templates must be filled first:',
      commands: [
        'helm template . | llamactl deploy-gen verify -',
        'kubectl kustomize . | llamactl deploy-gen verify -',
      ],
    },
  ]);
}
