/** llamactl as a library: the client, its errors, the troubleshooting catalogue, what servers send, the configuration, and a monitor. */
export type { Classification, Failure, FailurePhase } from './catalogue/classification.js';
export { classify } from './catalogue/classify.js';
export { ENTRIES, entryOf } from './catalogue/entries.js';
export type { CatalogueEntry, Finding, RemedyContext, TextRule } from './catalogue/entry.js';
export { fillRemedies } from './catalogue/fill.js';
export { identifyServer, type ServerKind } from './catalogue/identify-server.js';
export { matchText, type TextEvidence, type TextMatch } from './catalogue/match-text.js';
export { RECOVERY, type RecoveryStrategy, recoveryOf } from './catalogue/recovery.js';
export { DEFAULT_BASE_URL } from './client/base-urls.js';
export { LlamaCppClient } from './client/llama-client.js';
export { CoolDown } from './client/providers/cool-down.js';
export {
  type CreatedClient,
  createClient,
  type OpenProvider,
  type ProvidersConfig,
  type ProviderTarget,
  providersOf,
} from './client/providers/create-client.js';
export type { ProviderType } from './client/providers/provider.js';
export type { Answering, FailedProvider, ProviderChain } from './client/providers/provider-chain.js';
export { DEFAULT_TIMEOUT } from './client/requester.js';
export type * from './client/types.js';
export { type ConfigFlags, type LoadedConfig, loadConfig } from './config/load.js';
export { type ResolvedTarget, resolveTargets } from './config/resolve.js';
export { CATALOGUE_CODES, type CatalogueCode, type ErrorCode, isCatalogueCode } from './errors/codes.js';
export { type ErrorType, LLAMA_CPP_ERROR_TYPES, type LlamaCppErrorType } from './errors/error-type.js';
export { EXIT, exitCodeOf } from './errors/exit-code.js';
export { type ErrorDocument, LlamactlError, type Remedy } from './errors/llamactl-error.js';
export { createRedactor, type Redactor } from './errors/redact.js';
export {
  type ClientMetrics,
  LlamaCppMonitor,
  type MonitorEvents,
  type MonitorHealth,
} from './services/monitor/llama-cpp-monitor.js';
export type { MissingFlag, WatchedState } from './services/monitor/sample.js';
export type { ServerRow, SlotRow, WatchEvent } from './services/monitor/track.js';
export type { ChatChunk, ChatCompletion } from './wire/chat.js';
export type { ServerMetrics } from './wire/metrics.js';
export type { ModelEntry, ModelListAnswer, RouterEvent } from './wire/models.js';
export type { Props } from './wire/props.js';
export type { Slot } from './wire/slots.js';
