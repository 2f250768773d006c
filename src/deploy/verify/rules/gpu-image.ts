import { advice, type Flaw, ofServer, serverRule } from '../rule.js';
import { hasGpu, placeOfSetting, type Server, setting } from '../server.js';

/** An image without a backend cannot use a GPU, and says so in a line of its log only. */
export const gpuImage = serverRule('gpu-image', 'an image that fits the GPU', (server) => {
  const backend = backendOf(server.image);
  if (backend === null) return [];
  const gpu = hasGpu(server);
  if (backend === 'cpu') return gpu ? [reserved(server)] : layersWanted(server) ? [layers(server)] : [];
  if (gpu) return [];
  return [
    ofServer(server, ['image'], {
      code: 'container.no-gpu',
      severity: 'warning',
      title: `the image is for ${backend}, and the container is given no GPU`,
      evidence: [server.image],
      remedies: advice(
        server.platform === 'kubernetes'
          ? 'Ask for a GPU under resources.limits, or take the image for CPUs:'
          : 'Reserve a GPU under deploy.resources.reservations.devices, or take the image for CPUs:',
        `image: ${server.image.replace(`server-${backend}`, 'server')}`,
      ),
    }),
  ];
});

function reserved(server: Server): Flaw {
  return ofServer(server, ['image'], {
    code: 'gpu.not-used',
    severity: 'error',
    title: 'a GPU is reserved, and the image has no GPU backend: it stays unused',
    evidence: [server.image],
    remedies: withBackend(server),
  });
}

function layers(server: Server): Flaw {
  return {
    ...ofServer(server, [], {
      code: 'gpu.not-used',
      severity: 'warning',
      title: 'layers are to go to a GPU, and the image has no GPU backend',
      evidence: [server.image],
      remedies: withBackend(server),
    }),
    ...placeOfSetting(server, '--n-gpu-layers'),
  };
}

function withBackend({ image }: Server) {
  return advice(
    'Take the image of the backend (cuda, cuda13, rocm, vulkan, intel, musa):',
    `image: ${image.replace('ggerganov/', 'ggml-org/').replace(/:(server|full|light)/, ':$1-cuda')}`,
  );
}

function layersWanted(server: Server): boolean {
  const value = setting(server, '--n-gpu-layers')?.text ?? '0';
  return !/^(?:0|auto)?$/.test(value);
}

/** `cpu`, the backend's name, or null where the tag does not say. */
function backendOf(reference: string): string | null {
  const [, backend] =
    /llama\.cpp:(?:server|full|light)(?:-(cuda1?[23]?|rocm|vulkan|intel|musa|openvino))?(?:-b\d+)?(?:@|$)/.exec(
      reference,
    ) ?? [];
  if (backend !== undefined) return backend;
  return /llama\.cpp:(?:server|full|light)(?:-b\d+)?(?:@|$)/.test(reference) ? 'cpu' : null;
}
