import { usageError } from '../errors/llamactl-error.js';
import { type Generated, type GenerateOptions, generate, keyOf } from './generate.js';
import type { DeployModel } from './model-source.js';
import { overlayFiles } from './targets/k8s/overlay.js';
import { afterwards, secretSteps } from './targets/k8s.js';
import { mergeOptions, readValues } from './values.js';

/** What is different somewhere: `prod=prod.yaml`. */
interface Overlay {
  readonly name: string;
  /** A values file with what differs. */
  readonly values: string;
}

const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/**
 * A Kustomize base, and for each overlay what it changes: together they give what `generate` gives with the overlay's values
 * over the base's.
 * @param overlays as they were given: `NAME=FILE`
 * @throws LlamactlError as `generate` does, and (usage) where an overlay has no name or changes the deployment's
 */
export async function generateOverlays(
  options: GenerateOptions,
  overlays: readonly string[],
): Promise<Generated> {
  const known = new Map<string, Promise<DeployModel>>();
  const key = keyOf(options.env);
  const base = await generate('k8s', { ...options, known, key });
  const changed: (Overlay & Generated)[] = [];
  for (const { name, values } of parsed(overlays)) {
    const { input, placeOf } = mergeOptions({}, readValues(values));
    const generated = await generate('k8s', {
      ...options,
      known,
      key,
      input: { ...options.input, ...input },
      placeOf: (option) => (option in input ? placeOf(option) : options.placeOf(option)),
    });
    if (generated.plan.options.name !== base.plan.options.name)
      throw usageError(
        `${placeOf('name')}: an overlay changes what there is, and cannot give it another name`,
      );
    changed.push({ name, values, ...generated });
  }
  return {
    plan: base.plan,
    files: [
      ...base.files.map((file) => ({ ...file, path: `base/${file.path}` })),
      ...changed.flatMap(({ name, values, plan }) =>
        overlayFiles(name, base.plan, plan, [`${name}: what is different with the values of ${values}.`]),
      ),
    ],
    stream: null,
    warnings: [
      ...base.warnings,
      ...changed.flatMap(({ name, warnings }) =>
        warnings.filter((text) => !base.warnings.includes(text)).map((text) => `${name}: ${text}`),
      ),
    ],
    next: (folder) =>
      changed.flatMap(({ name, plan }) => [
        ...secretSteps(plan, null),
        { text: `Apply ${name}:`, commands: [`kubectl apply -k ${folder ?? '.'}/overlays/${name}`] },
        ...afterwards(plan),
      ]),
  };
}

function parsed(overlays: readonly string[]): Overlay[] {
  const found = overlays.map((text) => {
    const [, name = '', values = ''] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (!NAME.test(name)) {
      throw usageError(`--overlay ${text}: an overlay is a name and a file with what differs`, [
        { text: 'For example:', commands: ['--overlay prod=prod.yaml'] },
      ]);
    }
    return { name, values };
  });
  const twice = found.find(({ name }, index) => found.findIndex((other) => other.name === name) !== index);
  if (twice !== undefined) throw usageError(`--overlay ${twice.name} is there twice`);
  return found;
}
