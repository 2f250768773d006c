/** One code a root cause: the keys of the troubleshooting catalogue, the same in every command and document. */
export const CATALOGUE_CODES = [
  'connection.refused',
  'connection.dns',
  'connection.timeout',
  'connection.reset',
  'connection.tls-mismatch',
  'connection.tls-untrusted',
  'connection.wrong-server',
  'connection.wrong-path',
  'network.proxy-interference',
  'auth.missing-key',
  'auth.wrong-key',
  'model.file-missing',
  'model.corrupt',
  'model.missing-shard',
  'model.unsupported-architecture',
  'model.not-found',
  'model.load-failed',
  'model.download-failed',
  'model.router-limit',
  'context.overflow',
  'context.slot-too-small',
  'memory.gpu',
  'memory.host',
  'gpu.not-used',
  'gpu.no-device',
  'gpu.unsupported-arch',
  'gpu.driver-mismatch',
  'server.loading',
  'server.busy',
  'server.wedged',
  'server.crashed',
  'server.port-in-use',
  'server.bad-argument',
  'server.illegal-instruction',
  'server.missing-library',
  'feature.disabled',
  'feature.unsupported-input',
  'request.invalid-json',
  'request.invalid-parameter',
  'request.invalid-grammar',
  'request.batch-too-small',
  'request.template-error',
  'request.tool-call-parse',
  'stream.truncated',
  'stream.malformed',
  'stream.idle-timeout',
  'container.bind-localhost',
  'container.no-gpu',
  'container.volume-missing',
  'container.healthcheck',
  'container.oom-killed',
  'k8s.unschedulable',
  'k8s.image-pull',
  'k8s.probe-killed',
] as const;

export type CatalogueCode = (typeof CATALOGUE_CODES)[number];

/** Codes of failures that are not the server's: they have no catalogue entry. */
export type LocalCode =
  | 'usage.invalid'
  | 'config.invalid'
  | 'server.not-installed'
  | 'interrupted'
  | 'internal';

export type ErrorCode = CatalogueCode | LocalCode;

/** Whether a string is a code of the catalogue. */
export function isCatalogueCode(value: string): value is CatalogueCode {
  return (CATALOGUE_CODES as readonly string[]).includes(value);
}
