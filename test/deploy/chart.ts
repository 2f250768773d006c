import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DeployPlan } from '../../src/deploy/plan.js';
import { TARGETS } from '../../src/deploy/targets.js';
import { VALIDATORS } from '../support/validators.js';
import { type Document, kubernetesObjects, readYaml } from './read-back.js';

/** Writes a plan's chart. */
export function writeChart(plan: DeployPlan, folder: string, explain = false): void {
  for (const { path, content } of TARGETS.helm.files(plan, { explain })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

/** Runs helm. */
export function helm(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(VALIDATORS.helm, args, { encoding: 'utf8' });
}

/** What helm makes of a chart; the test fails where it refuses. */
export function rendered(folder: string, release: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = helm('template', release, folder, '--namespace', 'ai', ...args);
  assert.equal(status, 0, stderr);
  return stdout;
}

/** The objects of a rendered chart as `k8s` writes them: without Helm's own labels and its test. */
export function chartObjects(text: string): Map<string, Document> {
  const objects = readYaml(text).filter((object) => object !== null && object.kind !== 'Pod');
  return byName(objects.map((object) => withoutHelm(object)));
}

/** The objects of a plan in the namespace of the release, which Helm itself makes. */
export function expectedObjects(plan: DeployPlan): Map<string, Document> {
  const options = { ...plan.options, namespace: 'ai' };
  const objects = kubernetesObjects({ ...plan, options }).filter(({ kind }) => kind !== 'Namespace');
  return byName(objects.map((object) => withoutHelm(object)));
}

function byName(objects: readonly Document[]): Map<string, Document> {
  return new Map(
    objects
      .map((object): [string, Document] => [`${object.kind}/${object.metadata.name}`, object])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
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
