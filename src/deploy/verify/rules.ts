import type { Rule } from './rule.js';
import { bindAddress } from './rules/bind-address.js';
import { command } from './rules/command.js';
import { composeVersion } from './rules/compose-version.js';
import { environment } from './rules/environment.js';
import { flags } from './rules/flags.js';
import { gpuImage } from './rules/gpu-image.js';
import { healthcheck } from './rules/healthcheck.js';
import { image } from './rules/image.js';
import { interpolation } from './rules/interpolation.js';
import { keyInSight } from './rules/key-in-sight.js';
import { metrics } from './rules/metrics.js';
import { modelVolume } from './rules/model-volume.js';
import { ports } from './rules/ports.js';
import { probes } from './rules/probes.js';
import { promptCache } from './rules/prompt-cache.js';
import { publicKey } from './rules/public-key.js';
import { rollout } from './rules/rollout.js';
import { scrape } from './rules/scrape.js';
import { securityContext } from './rules/security-context.js';
import { serviceLinks } from './rules/service-links.js';
import { stop } from './rules/stop.js';
import { threads } from './rules/threads.js';
import { yamlTypes } from './rules/yaml-types.js';

/** Every rule: first what keeps a server from starting, then what it does wrong, then what is unsafe. */
export const RULES: readonly Rule[] = [
  image,
  command,
  flags,
  environment,
  serviceLinks,
  yamlTypes,
  interpolation,
  modelVolume,
  bindAddress,
  ports,
  gpuImage,
  rollout,
  probes,
  healthcheck,
  publicKey,
  keyInSight,
  threads,
  promptCache,
  stop,
  scrape,
  metrics,
  securityContext,
  composeVersion,
];
