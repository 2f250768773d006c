import { FEATURES, type Probe } from './feature.js';
import { authentication } from './probes/authentication.js';
import { chat } from './probes/chat.js';
import { contextDetection } from './probes/context-detection.js';
import { embeddings } from './probes/embeddings.js';
import { logprobs } from './probes/logprobs.js';
import { modelSwitching } from './probes/model-switching.js';
import { multimodal } from './probes/multimodal.js';
import { reasoning } from './probes/reasoning.js';
import { streaming } from './probes/streaming.js';
import { structuredOutput } from './probes/structured-output.js';
import { tools } from './probes/tools.js';

/**
 * In the order in which they ask: what others build on first, and last what leaves another model loaded than the one that is
 * meant.
 */
export const PROBES: readonly Probe[] = [
  authentication,
  chat,
  streaming,
  tools,
  structuredOutput,
  logprobs,
  multimodal,
  reasoning,
  contextDetection,
  embeddings,
  modelSwitching,
];

/** Most tokens that a server is asked to make for one matrix. */
export const MOST_TOKENS = 400;

/** Where a feature stands in a matrix. */
export function placeOf(feature: Probe['feature']): number {
  return FEATURES.indexOf(feature);
}
