import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { DeployPlan } from '../../src/deploy/plan.js';
import { TARGETS } from '../../src/deploy/targets.js';
import { VALIDATORS } from '../support/validators.js';
import { type Document, kubernetesObjects, readYaml } from './read-back.js';

const run = promisify(execFile);
/** The namespace of every release. */
const NAMESPACE = 'ai';

/** Writes a plan's chart. @returns its folder */
export function writeChart(plan: DeployPlan, folder: string, { explain = false } = {}): string {
  for (const { path, content } of TARGETS.helm.files(plan, { explain })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

/** What helm makes of a chart; rejects where it refuses. */
export async function rendered(folder: string, release: string, ...args: readonly string[]): Promise<string> {
  const words = ['template', release, folder, '--namespace', NAMESPACE, ...args];
  return (await run(VALIDATORS.helm, words, { maxBuffer: 16e6 })).stdout;
}

/** Why helm refuses a chart with these values. */
export async function refusal(
  folder: string,
  sets: readonly string[],
  args: readonly string[] = [],
): Promise<string> {
  try {
    await rendered(folder, 'llama', ...sets.flatMap((set) => ['--set', set]), ...args);
  } catch (error) {
    return String((error as { readonly stderr: unknown }).stderr);
  }
  return assert.fail(`helm took ${sets.join(' ')}`);
}

/** Objects of a rendered chart, by kind and name: without Helm's own labels, and its test. */
export function chartObjects(text: string): Document {
  return byName(readYaml(text).filter((object) => object !== null && object.kind !== 'Pod'));
}

/** The objects of a plan in the namespace of the release, which Helm itself makes. */
export function expectedObjects(plan: DeployPlan): Document {
  const options = { ...plan.options, namespace: NAMESPACE };
  return byName(kubernetesObjects({ ...plan, options }).filter(({ kind }) => kind !== 'Namespace'));
}

function byName(objects: readonly Document[]): Document {
  const named = objects.map((object): [string, Document] => [
    `${object.kind}/${object.metadata.name}`,
    withoutHelm(object),
  ]);
  return Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const HELMS_OWN = ['helm.sh/chart', 'app.kubernetes.io/version', 'app.kubernetes.io/managed-by'];

function withoutHelm(value: Document): Document {
  if (Array.isArray(value)) return value.map(withoutHelm);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !HELMS_OWN.includes(name))
      .map(([name, item]) => [name, withoutHelm(item)]),
  );
}

/** Where two trees differ: `Service/llama.spec.ports.0.port`. A tree that only one has counts as one place. */
export function changedPaths(before: Document, after: Document, at = ''): string[] {
  const isTree = (value: Document) => typeof value === 'object' && value !== null;
  if (!isTree(before) || !isTree(after)) return before === after ? [] : [at];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => {
    const path = at === '' ? name : `${at}.${name}`;
    return changedPaths(before[name], after[name], path);
  });
}
