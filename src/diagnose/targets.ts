import type { LlamaCppClient } from '../client/llama-client.js';
import type { ProblemCode } from '../config/problem.js';
import type { ResolvedTarget } from '../config/resolve.js';
import { eachOf } from '../services/each.js';
import { readDashboards } from './dashboards.js';
import { type DiagnoseOptions, diagnose } from './diagnose.js';
import { type DiscoveredServer, discoverServers } from './discover.js';
import type { ConfigProblem, ConfiguredFacts, DashboardFacts } from './facts.js';
import type { Diagnosis } from './runner.js';

/** A server to diagnose, and how clients for it are opened. */
export interface DiagnosisTarget {
  readonly target: ResolvedTarget;
  /** The configuration file that won; null without one. */
  readonly configFile: string | null;
  /** Whether the configuration's application sends tools to it; null where nothing tells. */
  readonly usesTools: boolean | null;
  open(changes: {
    readonly baseUrl?: string;
    readonly withoutKey?: true;
    readonly once?: true;
  }): LlamaCppClient;
}

export interface TargetsOptions extends Omit<DiagnoseOptions, 'target' | 'baseUrl' | 'open' | 'configured'> {
  /** The configuration file that was named, for what is odd in it. */
  readonly config?: string | undefined;
  /** Files that ask for metrics (`--dashboard`). */
  readonly dashboards: readonly string[];
}

/** What is read once for all targets. */
interface Common extends Omit<TargetsOptions, 'dashboards'> {
  readonly dashboards?: readonly DashboardFacts[];
}

/** Diagnoses that run at once: each has some ten requests under way. */
const CONCURRENCY = 32;

/**
 * Diagnoses servers, several at once. Where none was named, those of this machine are looked for.
 * @throws LlamactlError (usage, interrupted)
 */
export async function diagnoseTargets(
  targets: readonly DiagnosisTarget[],
  { dashboards, ...given }: TargetsOptions,
): Promise<Diagnosis[]> {
  const options: Common = {
    ...given,
    ...(dashboards.length === 0 ? {} : { dashboards: await readDashboards(dashboards) }),
  };
  const [only, second] = targets;
  const isUnnamed =
    only !== undefined &&
    second === undefined &&
    only.target.name === null &&
    only.target.origins['baseUrl'] === 'default';
  if (isUnnamed) return diagnoseDiscovered(only, options);
  // Of many it is told how many are through, of one what it waits for.
  const { onProgress, ...quiet } = options;
  const isFleet = targets.length > 1;
  let done = 0;
  const tell = () => {
    if (isFleet) onProgress?.(`${done} of ${targets.length} servers asked`);
  };
  tell();
  return eachOf(targets, CONCURRENCY, async (target) => {
    const diagnosis = await diagnoseOne(target, isFleet ? quiet : options);
    done++;
    tell();
    return diagnosis;
  });
}

async function diagnoseOne(
  named: DiagnosisTarget,
  options: Common,
  found?: DiscoveredServer,
): Promise<Diagnosis> {
  const { target, open } = named;
  const baseUrl = found?.url ?? target.baseUrl;
  return diagnose({
    ...options,
    target: target.name,
    baseUrl,
    open: (changes) => open({ baseUrl, ...changes, once: true }),
    configured: configuredFacts(
      named,
      named.configFile === null || target.name === null ? [] : await problemsOf(target.name, options),
      { urlOrigin: found === undefined ? undefined : 'discovered', dashboards: options.dashboards },
    ),
  });
}

/** Nobody named a server: the llama-servers of this machine are meant, else the place where one would be. */
async function diagnoseDiscovered(fallback: DiagnosisTarget, options: Common): Promise<Diagnosis[]> {
  options.onProgress?.('looking for servers on this machine');
  const discovered = await discoverServers(
    (changes) => fallback.open({ ...changes, once: true }),
    options.signal,
  );
  const servers = discovered.filter(({ kind }) => kind === 'llama.cpp');
  const usual = servers.find(({ url }) => url === fallback.target.baseUrl);
  const chosen = usual === undefined ? servers : [usual];
  const diagnoses =
    chosen.length === 0
      ? [await diagnoseOne(fallback, options)]
      : await Promise.all(chosen.map((server) => diagnoseOne(fallback, options, server)));
  return diagnoses.map((diagnosis) => ({ ...diagnosis, discovered }));
}

/** What of a target decides whether its server is right. */
function configuredFacts(
  { target, configFile, usesTools }: DiagnosisTarget,
  problems: readonly ConfigProblem[],
  {
    urlOrigin,
    dashboards,
  }: { urlOrigin?: string | undefined; dashboards?: readonly DashboardFacts[] | undefined },
): ConfiguredFacts {
  const { origins } = target;
  return {
    provider: target.provider,
    file: configFile,
    problems,
    urlOrigin: urlOrigin ?? origins['baseUrl'] ?? 'default',
    model: target.model ?? null,
    modelOrigin: origins['model'] ?? origins['models'] ?? null,
    models: target.models,
    contextSize: target.contextWindow,
    contextSizeOrigin: origins['contextWindow'] ?? null,
    keyGiven: target.apiKey !== undefined,
    keyOrigin: origins['apiKey'] ?? null,
    keyOddity: target.apiKey === undefined ? null : oddityOf(target.apiKey),
    usesTools,
    ...(dashboards === undefined ? {} : { dashboards }),
  };
}

/** What keeps a server from being reached, or a key from being right; anything else is worth a note. */
const GRAVE: ReadonlySet<ProblemCode> = new Set([
  'config.placeholder-key',
  'config.unset-variable',
  'config.path-missing',
  'config.path-doubled',
  'config.any-address',
  'config.key-file',
]);

/** What is odd in the configuration, as far as it concerns a target. */
async function problemsOf(target: string, { config, env }: Common): Promise<ConfigProblem[]> {
  const { lintConfig } = await import('../config/lint.js');
  const report = await lintConfig({ cwd: process.cwd(), env, config });
  if (report === null) return [];
  return report.problems
    .filter((problem) => problem.target === null || problem.target === target)
    .map(({ code, path, line, column, message }) => ({
      severity: GRAVE.has(code) ? 'warning' : 'info',
      message: path === '' ? message : `${path}: ${message}`,
      place: `${report.file}:${line}:${column}`,
    }));
}

/** What people paste with a key, told without the key. */
function oddityOf(key: string): string | null {
  if (/^(?:bearer|basic)\s/i.test(key))
    return `begins with "${key.slice(0, key.search(/\s/))} ", which llamactl adds itself`;
  if (/^["'].*["']$/.test(key)) return 'stands in quotes, which are sent with it';
  if (key.trim() !== key) return 'begins or ends with a space';
  return /^\$\{?\w/.test(key) ? 'is the name of a variable that was not replaced' : null;
}
