import type { DeployPlan } from '../../plan.js';

/** What a service needs to see its GPUs. */
export interface GpuAccess {
  /** Below `deploy.resources.reservations`. */
  readonly reservations?: unknown;
  readonly devices?: readonly string[];
  readonly groups?: readonly string[];
  readonly runtime?: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Groups that own the devices of AMD and Intel, by number: the host's names are not known in the container. */
const DEVICE_GROUPS = [variable('VIDEO_GID', 44), variable('RENDER_GID', 109)];

/**
 * GPUs of one server. With several servers each gets its own, since Docker gives every container the first ones.
 * @param index of the server, from 0
 * @param servers how many there are
 */
export function gpuAccess({ options }: DeployPlan, index: number, servers: number): GpuAccess | null {
  const { gpus, backend } = options;
  if (gpus === 0) return null;
  const ids = Array.from({ length: gpus }, (_, gpu) => String(index * gpus + gpu));
  const isShared = servers > 1;
  switch (options.gpuVendor) {
    case 'nvidia': {
      const which = isShared ? { device_ids: ids } : { count: gpus };
      return {
        reservations: { devices: [{ driver: 'nvidia', ...which, capabilities: ['gpu'] }] },
        environment: backend === 'vulkan' ? { NVIDIA_DRIVER_CAPABILITIES: 'compute,utility,graphics' } : {},
      };
    }
    case 'mthreads':
      return { runtime: 'mthreads', environment: { MTHREADS_VISIBLE_DEVICES: ids.join(',') } };
    case 'amd':
      return {
        devices: backend === 'rocm' ? ['/dev/kfd', '/dev/dri'] : ['/dev/dri'],
        groups: DEVICE_GROUPS,
        environment: !isShared
          ? {}
          : backend === 'rocm'
            ? { ROCR_VISIBLE_DEVICES: ids.join(',') }
            : { GGML_VK_VISIBLE_DEVICES: ids.join(',') },
      };
    default:
      return {
        devices: ['/dev/dri'],
        groups: DEVICE_GROUPS,
        environment: !isShared
          ? {}
          : backend === 'intel'
            ? { ONEAPI_DEVICE_SELECTOR: `level_zero:${ids.join(',')}` }
            : { GGML_VK_VISIBLE_DEVICES: ids.join(',') },
      };
  }
}

/** A variable of the shell or of `.env`, which Compose fills in. */
function variable(name: string, otherwise: number): string {
  return `\${${name}:-${otherwise}}`;
}
