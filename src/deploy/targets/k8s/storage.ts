import { usageError } from '../../../errors/llamactl-error.js';
import { PATHS } from '../../flags.js';
import type { DeployPlan } from '../../plan.js';
import { awaitScript, downloadScript } from '../../scripts.js';
import { isReplicated, type Manifest, metadata, namesOf } from './objects.js';

/** Where the model's files are, and how they get there. */
export interface ModelStorage {
  /** `own`: a claim of this deployment. `own-each`: one for each replica. */
  readonly kind: 'own' | 'own-each' | 'claim' | 'emptydir' | 'image';
  /** The script of the init container; null where the files are there already. */
  readonly script: string | null;
  /** Whether the script needs the network. */
  readonly fetches: boolean;
}

const GIB = 1024 ** 3;
/** The init container that brings the model. */
export const MODEL_CONTAINER = 'model';
export const MODELS_VOLUME = 'models';

/**
 * Decides where the files are kept.
 * @throws LlamactlError (usage) where that cannot work
 */
export function storageOf(plan: DeployPlan): ModelStorage {
  const { storage, hfTokenSecret } = plan.options;
  const isLocal = plan.models.some(({ folder }) => folder !== null);
  const fetches = plan.downloads;
  const script = fetches ? downloadScript(plan.models, hfTokenSecret !== undefined) : null;
  switch (storage?.kind) {
    case 'image':
      return { kind: 'image', script: null, fetches: false };
    case 'claim':
      return { kind: 'claim', script, fetches };
    case 'emptydir':
      if (isLocal) {
        throw usageError(
          '--storage emptydir with a local file: every new pod would wait until somebody copies the file again',
          [
            {
              text: 'Keep it in a volume, or let pods fetch it by themselves:',
              commands: ['--storage pvc', '--storage pvc:EXISTING-CLAIM', '--model hf:USER/REPO:QUANT'],
            },
          ],
        );
      }
      return { kind: 'emptydir', script, fetches };
    default:
      if (isLocal && plan.options.autoscale !== undefined) {
        throw usageError(
          '--autoscale with a local file: every new replica would wait until somebody copies the file',
          [
            {
              text: 'Let all read one volume, or replicas fetch it by themselves:',
              commands: ['--storage pvc:EXISTING-CLAIM', '--model hf:USER/REPO:QUANT'],
            },
          ],
        );
      }
      return {
        kind: isReplicated(plan) ? 'own-each' : 'own',
        script: isLocal ? awaitScript(plan.models, MODEL_CONTAINER) : script,
        fetches,
      };
  }
}

/** The claim of a single server; null where there is none. */
export function claimOf(plan: DeployPlan, storage: ModelStorage): Manifest | null {
  if (storage.kind !== 'own') return null;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: metadata(plan, namesOf(plan).claim),
    spec: claimSpec(plan),
  };
}

/** The claims of a StatefulSet's replicas. */
export function claimTemplates(plan: DeployPlan, storage: ModelStorage): unknown[] | undefined {
  if (storage.kind !== 'own-each') return undefined;
  return [{ metadata: { name: MODELS_VOLUME }, spec: claimSpec(plan) }];
}

function claimSpec(plan: DeployPlan): unknown {
  const { storageClass } = plan.options;
  return {
    accessModes: ['ReadWriteOnce'],
    ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
    resources: { requests: { storage: `${volumeGiB(plan)}Gi` } },
  };
}

/** Whole GiB for the files and a tenth more. Where their size is not known, what the server may use of memory. */
export function volumeGiB({ modelBytes, memoryBytes }: DeployPlan): number {
  return Math.max(1, Math.ceil(((modelBytes ?? memoryBytes) * 1.1) / GIB));
}

/** The pod's volume with the models; undefined where a StatefulSet's template makes it. */
export function modelsVolume(plan: DeployPlan, storage: ModelStorage): unknown {
  const named = { name: MODELS_VOLUME };
  const given = plan.options.storage;
  switch (storage.kind) {
    case 'own':
      return { ...named, persistentVolumeClaim: { claimName: namesOf(plan).claim } };
    case 'claim':
      return {
        ...named,
        persistentVolumeClaim: {
          claimName: given?.kind === 'claim' ? given.name : '',
          ...(storage.script === null ? { readOnly: true } : {}),
        },
      };
    case 'image':
      return {
        ...named,
        image: { reference: given?.kind === 'image' ? given.reference : '', pullPolicy: 'IfNotPresent' },
      };
    case 'emptydir':
      return { ...named, emptyDir: { sizeLimit: `${volumeGiB(plan)}Gi` } };
    case 'own-each':
      return undefined;
  }
}

/** Bytes that a pod may write to the node: temporary files and logs, and the model where it is kept there. */
export function ephemeralStorage(plan: DeployPlan, storage: ModelStorage): string {
  return `${(storage.kind === 'emptydir' ? volumeGiB(plan) : 0) + 1}Gi`;
}

export function modelsMount(readOnly: boolean): unknown {
  return { name: MODELS_VOLUME, mountPath: PATHS.models, ...(readOnly ? { readOnly: true } : {}) };
}
