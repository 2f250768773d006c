import { overflow, type Response, type Verdict } from './classify-message.js';
import type { ErrorBody } from './error-body.js';

/** What of `error.metadata` decides (openrouter.ai/docs/api/reference/errors-and-debugging, …/limits). */
interface Metadata {
  /** OpenRouter's own vocabulary: `provider_overloaded`, `context_length_exceeded` … */
  readonly errorType: string;
  /** Who of several providers failed, and in what words. */
  readonly provider: string;
  readonly raw: string;
  /** Whose budget a 402 is about. */
  readonly limitSource: string;
  /** Whether a filter of contents has flagged something. */
  readonly isFlagged: boolean;
}

/**
 * The status that an error's own `code` tells. OpenRouter answers 200 once a provider has begun, whatever comes of it.
 * @returns null where it tells none
 */
export function statusOfCode(error: ErrorBody | null): number | null {
  const code = error?.fields['code'];
  return typeof code === 'number' && Number.isInteger(code) && code >= 400 && code <= 599 ? code : null;
}

/** Whether an error is a gateway's to many providers, as OpenRouter has it: a numeric `code`, and no `type`. */
export function isGatewayError(error: ErrorBody | null): error is ErrorBody {
  return error !== null && statusOfCode(error) !== null && !('type' in error.fields);
}

/**
 * What a gateway's error tells beyond its status, by its `metadata`.
 * @returns null where the general rules tell as much
 */
export function byGateway({ status }: Response, error: ErrorBody): Verdict | null {
  const metadata = metadataOf(error);
  const { errorType } = metadata;
  const said = error.message === '' ? '' : `: ${error.message}`;
  if (errorType === 'context_length_exceeded' || errorType === 'string_too_long')
    return overflow(error, error.message);
  if (metadata.isFlagged || errorType === 'content_policy_violation' || errorType === 'refusal')
    return {
      type: 'INVALID_REQUEST',
      code: 'request.invalid-parameter',
      message: `a filter of the provider refuses the request${said}`,
    };
  if (status === 402)
    return metadata.limitSource === 'openrouter_in_flight_budget'
      ? {
          type: 'SERVER_OVERLOADED',
          code: 'server.busy',
          message: `requests under way take up the account's budget (402)${said}`,
        }
      : {
          type: 'AUTHENTICATION_ERROR',
          code: 'auth.wrong-key',
          message: `the credits of the account or key do not cover the request (402)${said}`,
        };
  if (status === 403)
    return {
      type: 'AUTHENTICATION_ERROR',
      code: 'auth.wrong-key',
      message: `this API key may not do that (403)${said}`,
    };
  if (status === 408 || status === 504)
    return {
      type: 'TIMEOUT_ERROR',
      code: 'connection.timeout',
      message: `the provider of the model gave no answer in time (${status})${said}`,
    };
  if (status === 502 || status === 503)
    return {
      type: 'SERVER_OVERLOADED',
      code: 'server.busy',
      message: `the provider of the model is down or overloaded (${status})${said}`,
    };
  return null;
}

/** What a provider behind the gateway said itself, a line each. */
export function gatewayEvidence(error: ErrorBody | null): string[] {
  if (error === null) return [];
  const { provider, raw } = metadataOf(error);
  if (provider === '' && raw === '') return [];
  return [
    `${provider || 'the provider'} behind it${raw === '' ? ' failed' : ` said ${JSON.stringify(raw.slice(0, 300))}`}`,
  ];
}

function metadataOf({ fields }: ErrorBody): Metadata {
  const given = fields['metadata'];
  const metadata: Readonly<Record<string, unknown>> =
    typeof given === 'object' && given !== null ? { ...given } : {};
  const text = (name: string) => (typeof metadata[name] === 'string' ? metadata[name] : '');
  return {
    errorType: text('error_type'),
    provider: text('provider_name'),
    raw: text('raw'),
    limitSource: text('limit_source'),
    isFlagged: ['reasons', 'flagged_input', 'patterns'].some((name) => name in metadata),
  };
}
