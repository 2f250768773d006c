import type { Scenario } from './scenario.js';
import { CAPACITY } from './scenarios/capacity.js';
import { CONFIGURATION } from './scenarios/configuration.js';
import { CONTAINERS } from './scenarios/container.js';
import { CONTEXTS } from './scenarios/context.js';
import { GENERATION } from './scenarios/generation.js';
import { HEALTHY_SET_UPS } from './scenarios/healthy.js';
import { HOST } from './scenarios/host.js';
import { KEYS } from './scenarios/key.js';
import { LOGS } from './scenarios/log.js';
import { MODELS } from './scenarios/models.js';
import { NETWORK } from './scenarios/network.js';
import { PATHS } from './scenarios/path.js';
import { STATES } from './scenarios/state.js';
import { STRANGERS } from './scenarios/strangers.js';
import { TEMPLATES } from './scenarios/template.js';
import { TLS } from './scenarios/tls.js';
import { VERSIONS } from './scenarios/version.js';

/** Every scenario, by layer. */
export const SCENARIOS: readonly Scenario[] = [
  ...CONFIGURATION,
  ...NETWORK,
  ...TLS,
  ...STRANGERS,
  ...PATHS,
  ...STATES,
  ...KEYS,
  ...MODELS,
  ...CONTEXTS,
  ...TEMPLATES,
  ...GENERATION,
  ...CAPACITY,
  ...VERSIONS,
  ...HOST,
  ...CONTAINERS,
  ...LOGS,
  ...HEALTHY_SET_UPS,
];
