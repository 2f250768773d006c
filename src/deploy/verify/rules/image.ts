import { advice, ofServer, serverRule } from '../rule.js';

/** The project has moved, and so have its images. */
export const image = serverRule('image', 'the image that upstream builds today', (server) => {
  if (!/ggerganov\/llama\.cpp/.test(server.image)) return [];
  const instead = server.image.replace('ggerganov/', 'ggml-org/');
  return [
    ofServer(server, ['image'], {
      code: server.platform === 'kubernetes' ? 'k8s.image-pull' : 'config.invalid',
      severity: 'error',
      title: 'the image is of a registry path that is no longer built',
      evidence: [server.image, 'llama.cpp has moved to ggml-org; the old path stays as it was'],
      remedies: advice(
        'Take the image of ggml-org, and pin a build (-bNNNN) or a digest:',
        `image: ${instead}`,
      ),
    }),
  ];
});
