import { checkVariable } from '../../server-flags/check.js';
import { advice, type Flaw, serverRule } from '../rule.js';
import type { Server, Word } from '../server.js';

/** Variables that nobody reads, and such as take away what the platform gives. */
export const environment = serverRule('environment', 'variables that llama-server reads', (server) =>
  [...server.env].flatMap(([name, word]) => {
    const flaw = flawOf(server, name, word);
    return flaw === null ? [] : [{ ...flaw, manifest: server.manifest, at: word.at, word: name }];
  }),
);

function flawOf(server: Server, name: string, word: Word): Omit<Flaw, 'manifest' | 'at'> | null {
  if (name === 'LLAMA_CACHE_DIR') {
    return {
      code: 'config.invalid',
      severity: 'error',
      title: 'LLAMA_CACHE_DIR is read by nobody: models are fetched anew into the container',
      evidence: [
        'read are, in this order: LLAMA_CACHE, HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME, XDG_CACHE_HOME, HOME',
      ],
      remedies: advice('Call it LLAMA_CACHE:', `LLAMA_CACHE: ${word.text}`),
    };
  }
  if (name === 'LLAMA_API_KEY_FILE') {
    return {
      code: 'config.invalid',
      severity: 'error',
      title: `${name} is read by nobody: by it the server gets no key`,
      evidence: [],
      remedies: advice('Call it LLAMA_ARG_API_KEY_FILE:', `LLAMA_ARG_API_KEY_FILE: ${word.text}`),
    };
  }
  if (server.platform === 'kubernetes' && /^(?:CUDA|NVIDIA|ROCR|HIP)_VISIBLE_DEVICES$/.test(name)) {
    return {
      code: 'gpu.no-device',
      severity: 'warning',
      title: `${name} in a pod: the device plugin says which GPUs the container sees`,
      evidence: ['with another value than its own the server finds no GPU, or one that is not its own'],
      remedies: advice('Leave the variable out; the number of GPUs stands under resources.limits.'),
    };
  }
  const problem = checkVariable(name, server.table);
  if (problem === null) return null;
  return {
    code: 'server.bad-argument',
    severity: problem.severity,
    title: `${name} ${problem.message}`,
    remedies: problem.instead === null ? advice('Leave it out.') : advice('Write instead:', problem.instead),
  };
}
