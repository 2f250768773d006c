import type { CatalogueCode } from '../errors/codes.js';
import { entry as authMissingKey } from './entries/auth.missing-key.js';
import { entry as authWrongKey } from './entries/auth.wrong-key.js';
import { entry as connectionDns } from './entries/connection.dns.js';
import { entry as connectionRefused } from './entries/connection.refused.js';
import { entry as connectionReset } from './entries/connection.reset.js';
import { entry as connectionTimeout } from './entries/connection.timeout.js';
import { entry as connectionTlsMismatch } from './entries/connection.tls-mismatch.js';
import { entry as connectionTlsUntrusted } from './entries/connection.tls-untrusted.js';
import { entry as connectionWrongPath } from './entries/connection.wrong-path.js';
import { entry as connectionWrongServer } from './entries/connection.wrong-server.js';
import { entry as containerBindLocalhost } from './entries/container.bind-localhost.js';
import { entry as containerHealthcheck } from './entries/container.healthcheck.js';
import { entry as containerNoGpu } from './entries/container.no-gpu.js';
import { entry as containerOomKilled } from './entries/container.oom-killed.js';
import { entry as containerVolumeMissing } from './entries/container.volume-missing.js';
import { entry as contextOverflow } from './entries/context.overflow.js';
import { entry as contextSlotTooSmall } from './entries/context.slot-too-small.js';
import { entry as featureDisabled } from './entries/feature.disabled.js';
import { entry as featureUnsupportedInput } from './entries/feature.unsupported-input.js';
import { entry as gpuDriverMismatch } from './entries/gpu.driver-mismatch.js';
import { entry as gpuNoDevice } from './entries/gpu.no-device.js';
import { entry as gpuNotUsed } from './entries/gpu.not-used.js';
import { entry as gpuUnsupportedArch } from './entries/gpu.unsupported-arch.js';
import { entry as k8sImagePull } from './entries/k8s.image-pull.js';
import { entry as k8sProbeKilled } from './entries/k8s.probe-killed.js';
import { entry as k8sUnschedulable } from './entries/k8s.unschedulable.js';
import { entry as memoryGpu } from './entries/memory.gpu.js';
import { entry as memoryHost } from './entries/memory.host.js';
import { entry as modelCorrupt } from './entries/model.corrupt.js';
import { entry as modelDownloadFailed } from './entries/model.download-failed.js';
import { entry as modelFileMissing } from './entries/model.file-missing.js';
import { entry as modelLoadFailed } from './entries/model.load-failed.js';
import { entry as modelMissingShard } from './entries/model.missing-shard.js';
import { entry as modelNotFound } from './entries/model.not-found.js';
import { entry as modelRouterLimit } from './entries/model.router-limit.js';
import { entry as modelUnsupportedArchitecture } from './entries/model.unsupported-architecture.js';
import { entry as networkProxyInterference } from './entries/network.proxy-interference.js';
import { entry as requestBatchTooSmall } from './entries/request.batch-too-small.js';
import { entry as requestInvalidGrammar } from './entries/request.invalid-grammar.js';
import { entry as requestInvalidJson } from './entries/request.invalid-json.js';
import { entry as requestInvalidParameter } from './entries/request.invalid-parameter.js';
import { entry as requestTemplateError } from './entries/request.template-error.js';
import { entry as requestToolCallParse } from './entries/request.tool-call-parse.js';
import { entry as serverBadArgument } from './entries/server.bad-argument.js';
import { entry as serverBusy } from './entries/server.busy.js';
import { entry as serverCrashed } from './entries/server.crashed.js';
import { entry as serverIllegalInstruction } from './entries/server.illegal-instruction.js';
import { entry as serverLoading } from './entries/server.loading.js';
import { entry as serverMissingLibrary } from './entries/server.missing-library.js';
import { entry as serverPortInUse } from './entries/server.port-in-use.js';
import { entry as serverWedged } from './entries/server.wedged.js';
import { entry as streamIdleTimeout } from './entries/stream.idle-timeout.js';
import { entry as streamMalformed } from './entries/stream.malformed.js';
import { entry as streamTruncated } from './entries/stream.truncated.js';
import type { CatalogueEntry } from './entry.js';

/**
 * The troubleshooting matrix, one entry a root cause. Data without side effects, some 200 kB of it with its rules: load
 * it with `import()` when something has failed, not at start.
 */
export const ENTRIES: readonly CatalogueEntry[] = [
  connectionRefused,
  connectionDns,
  connectionTimeout,
  connectionReset,
  connectionTlsMismatch,
  connectionTlsUntrusted,
  connectionWrongServer,
  connectionWrongPath,
  networkProxyInterference,
  authMissingKey,
  authWrongKey,
  modelFileMissing,
  modelCorrupt,
  modelMissingShard,
  modelUnsupportedArchitecture,
  modelNotFound,
  modelLoadFailed,
  modelDownloadFailed,
  modelRouterLimit,
  contextOverflow,
  contextSlotTooSmall,
  memoryGpu,
  memoryHost,
  gpuNotUsed,
  gpuNoDevice,
  gpuUnsupportedArch,
  gpuDriverMismatch,
  serverLoading,
  serverBusy,
  serverWedged,
  serverCrashed,
  serverPortInUse,
  serverBadArgument,
  serverIllegalInstruction,
  serverMissingLibrary,
  featureDisabled,
  featureUnsupportedInput,
  requestInvalidJson,
  requestInvalidParameter,
  requestInvalidGrammar,
  requestBatchTooSmall,
  requestTemplateError,
  requestToolCallParse,
  streamTruncated,
  streamMalformed,
  streamIdleTimeout,
  containerBindLocalhost,
  containerNoGpu,
  containerVolumeMissing,
  containerHealthcheck,
  containerOomKilled,
  k8sUnschedulable,
  k8sImagePull,
  k8sProbeKilled,
];

const BY_CODE: ReadonlyMap<CatalogueCode, CatalogueEntry> = new Map(
  ENTRIES.map((entry) => [entry.code, entry]),
);

/** The entry of a code. */
export function entryOf(code: CatalogueCode): CatalogueEntry {
  const entry = BY_CODE.get(code);
  // Unreachable while the test that each code has an entry passes.
  if (entry === undefined) throw new Error(`the catalogue has no entry for ${code}`);
  return entry;
}
