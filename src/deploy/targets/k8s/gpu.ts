import { usageError } from '../../../errors/llamactl-error.js';
import type { GpuVendor } from '../../options.js';
import type { DeployPlan } from '../../plan.js';

/** What a vendor's device plugin calls its GPUs, and how nodes that have them are labelled. */
interface VendorNames {
  readonly resource: string;
  /** A label that the vendor's feature discovery sets. */
  readonly label: string | null;
  /** A label with the MiB of a GPU, as a whole number. */
  readonly memoryLabel: string | null;
}

const VENDORS: Readonly<Record<GpuVendor, VendorNames>> = {
  nvidia: {
    resource: 'nvidia.com/gpu',
    label: 'nvidia.com/gpu.present',
    memoryLabel: 'nvidia.com/gpu.memory',
  },
  amd: { resource: 'amd.com/gpu', label: 'feature.node.kubernetes.io/amd-gpu', memoryLabel: null },
  intel: { resource: 'gpu.intel.com/i915', label: 'intel.feature.node.kubernetes.io/gpu', memoryLabel: null },
  mthreads: { resource: 'mthreads.com/gpu', label: null, memoryLabel: null },
};

const MIB = 1024 ** 2;
/** Groups that own the devices of AMD and Intel: `video` and `render` of Debian and Ubuntu. */
const DEVICE_GROUPS = [44, 109];
/** Images that exist for one processor only. */
const AMD64_ONLY = ['rocm', 'intel', 'musa'];

/** What a vendor's device plugin calls its GPUs; empty where the vendor is not known. */
export function gpuResourceOf(vendor: GpuVendor | undefined): string {
  return vendor === undefined ? '' : VENDORS[vendor].resource;
}

/** Where a pod runs, and which devices it gets. */
export interface GpuPlacement {
  /** For requests and limits. */
  readonly resources: Readonly<Record<string, string>>;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly unknown[];
  readonly nodeAffinity: unknown;
  readonly supplementalGroups: readonly number[];
}

/** @throws LlamactlError (usage) where the vendor cannot be known from the backend */
export function gpuPlacement({ options }: DeployPlan): GpuPlacement {
  const { gpus, gpuMemory, gpuVendor, backend } = options;
  const nodeSelector = AMD64_ONLY.includes(backend) ? { 'kubernetes.io/arch': 'amd64' } : {};
  if (gpus === 0)
    return { resources: {}, nodeSelector, tolerations: [], nodeAffinity: undefined, supplementalGroups: [] };
  if (gpuVendor === undefined) {
    throw usageError(
      `--backend ${backend} runs on GPUs of several vendors, and Kubernetes asks for them by name`,
      [
        {
          text: 'Say whose they are:',
          commands: ['--gpu-vendor amd', '--gpu-vendor intel', '--gpu-vendor nvidia'],
        },
      ],
    );
  }
  const { resource, label, memoryLabel } = VENDORS[gpuVendor];
  const expression =
    memoryLabel !== null && gpuMemory !== undefined
      ? // What a driver reports is a little less than what the card is sold with.
        { key: memoryLabel, operator: 'Gt', values: [String(Math.floor((gpuMemory / MIB) * 0.95))] }
      : label === null
        ? null
        : { key: label, operator: 'In', values: ['true'] };
  return {
    resources: { [resource]: String(gpus) },
    nodeSelector,
    tolerations: [{ key: resource, operator: 'Exists', effect: 'NoSchedule' }],
    nodeAffinity:
      expression === null
        ? undefined
        : {
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 100, preference: { matchExpressions: [expression] } },
            ],
          },
    supplementalGroups: gpuVendor === 'amd' || gpuVendor === 'intel' ? DEVICE_GROUPS : [],
  };
}
