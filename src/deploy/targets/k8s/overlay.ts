import type { DeployPlan } from '../../plan.js';
import type { GeneratedFile } from '../../target.js';
import { toYaml } from '../../yaml.js';
import { manifestsOf } from '../k8s.js';
import type { Manifest } from './objects.js';

/** Where an overlay finds what it changes, from its own folder. */
const BASE = '../../base';

/** A step of a JSON patch (RFC 6902). */
interface Operation {
  readonly op: 'add' | 'replace' | 'remove' | 'test';
  readonly path: string;
  readonly value?: unknown;
}

/**
 * A Kustomize overlay: what must be changed of a base to get the objects of another plan of the same name.
 * @param name of the overlay, and of its folder
 * @param header comment lines
 */
export function overlayFiles(
  name: string,
  base: DeployPlan,
  plan: DeployPlan,
  header: readonly string[],
): GeneratedFile[] {
  const before = manifestsOf(base).flatMap(({ objects }) => objects);
  const after = manifestsOf(plan);
  const wanted = after.flatMap(({ objects }) => objects);
  const added = after.flatMap(({ path, objects }) => {
    const fresh = objects.filter((object) => counterpart(object, before) === undefined);
    return fresh.length === 0 ? [] : [{ path, objects: fresh }];
  });
  const patches = before.flatMap((object) => {
    const other = counterpart(object, wanted);
    if (other === undefined) return [{ patch: toYaml(removal(object)) }];
    const steps = operations(object, other, '');
    if (steps.length === 0) return [];
    return [
      {
        target: { kind: object.kind, name: object.metadata['name'] },
        patch: toYaml(endingShort(steps, object)),
      },
    ];
  });
  const { namespace } = plan.options;
  const kustomization = toYaml(
    {
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      ...(namespace === undefined ? {} : { namespace }),
      resources: [BASE, ...added.map(({ path }) => path)],
      patches: patches.length === 0 ? undefined : patches,
    },
    { header },
  );
  const folder = `overlays/${name}`;
  return [
    { path: `${folder}/kustomization.yaml`, content: kustomization },
    ...added.map(({ path, objects }) => ({
      path: `${folder}/${path}`,
      content: objects.map((object) => toYaml(object)).join('---\n'),
      ...(plan.key !== null && objects.some(({ kind }) => kind === 'Secret') ? { key: plan.key } : {}),
    })),
  ];
}

/** The same object of the other plan. The Namespace is the same whatever it is called: Kustomize itself gives it its name. */
function counterpart({ kind, metadata }: Manifest, others: readonly Manifest[]): Manifest | undefined {
  return others.find(
    (other) => other.kind === kind && (kind === 'Namespace' || other.metadata['name'] === metadata['name']),
  );
}

function removal({ apiVersion, kind, metadata }: Manifest): unknown {
  const { name, namespace } = metadata;
  return { $patch: 'delete', apiVersion, kind, metadata: { name, namespace } };
}

/** What leads from one value to another. Lists of the same length are changed where they differ, others as a whole. */
function operations(before: unknown, after: unknown, path: string): Operation[] {
  // Kustomize puts everything into the overlay's namespace.
  if (path === '/metadata/namespace' || (path === '/metadata/name' && before !== after)) return [];
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length)
    return before.flatMap((item, index) => operations(item, after[index], `${path}/${index}`));
  if (isMap(before) && isMap(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap((name): Operation[] => {
      const at = `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      if (after[name] === undefined) return before[name] === undefined ? [] : [{ op: 'remove', path: at }];
      if (before[name] === undefined) return [{ op: 'add', path: at, value: after[name] }];
      return operations(before[name], after[name], at);
    });
  }
  return isSame(before, after) ? [] : [{ op: 'replace', path, value: after }];
}

/** Kustomize cuts the last line's end off a patch: of a text that stands there it would be part. The steps hang on no order. */
function endingShort(steps: readonly Operation[], { kind }: Manifest): readonly Operation[] {
  const hasText = ({ value }: Operation) => /\\n/.test(JSON.stringify(value ?? null));
  const short = steps.filter((step) => !hasText(step));
  const last = short.length > 0 ? short : [{ op: 'test', path: '/kind', value: kind } as const];
  return [...steps.filter(hasText), ...last];
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
