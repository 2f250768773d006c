import { parseAllDocuments } from 'yaml';
import type { DeployPlan } from '../../src/deploy/plan.js';
import type { GeneratedFile } from '../../src/deploy/target.js';
import { TARGETS } from '../../src/deploy/targets.js';

/** What a reader of YAML 1.1 makes of a manifest: tests look into documents of every shape. */
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Document = any;

/** All documents of a YAML text, read as Kubernetes and Compose read it. */
export function readYaml(text: string): Document[] {
  return parseAllDocuments(text, { version: '1.1', merge: true }).map((document) => {
    const [error] = [...document.errors, ...document.warnings];
    if (error !== undefined) throw error;
    return document.toJS();
  });
}

/** The objects that a plan becomes. */
export function kubernetesObjects(plan: DeployPlan): Document[] {
  return TARGETS.k8s
    .files(plan, { explain: false })
    .filter(({ path }) => path !== 'kustomization.yaml')
    .flatMap(({ content }) => readYaml(content));
}

/** The Compose project that a plan becomes, what `$$` stands for put back. */
export function composeProject(plan: DeployPlan): { project: Document; files: readonly GeneratedFile[] } {
  const files = TARGETS['docker-compose'].files(plan, { explain: false });
  const [project] = readYaml(files[0]?.content ?? '');
  return { project: restored(project), files };
}

/** The services that run llama-server. */
export function composeServers(plan: DeployPlan, project: Document): [string, Document][] {
  return Object.entries(project.services).filter(([name]) =>
    new RegExp(`^${plan.options.name}(-\\d+)?$`).test(name),
  );
}

function restored(value: Document): Document {
  if (typeof value === 'string') return value.replaceAll('$$', '$');
  if (Array.isArray(value)) return value.map(restored);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, restored(item)]));
}
