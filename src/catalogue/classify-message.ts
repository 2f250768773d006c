import type { CatalogueCode } from '../errors/codes.js';
import type { LlamaCppErrorType } from '../errors/error-type.js';
import type { Failure } from './classification.js';
import type { ErrorBody } from './error-body.js';

export type Response = Extract<Failure, { kind: 'response' }>;

/** What an answer is; without a message the server's own is told. */
export interface Verdict {
  readonly type: LlamaCppErrorType;
  readonly code: CatalogueCode;
  readonly message?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** As llama-server's router, OpenAI, OpenRouter, vLLM, Ollama and llama-swap say it; the name, where the message has one. */
const UNKNOWN_MODEL =
  /\bmodel (?:[`'"]([^`'"]+)[`'"]|(?!is\b)(\S+)) (?:is not found|not found|does not exist)|could not find \S.{0,30} (?:handler|modelID) for (\S+)|(?<!\S)(\S{1,200}) is not a valid model ID|no endpoints found (?:matching .{1,80} )?for (\S{1,200}?)\.?(?:\s|$)|\bmodel (?:is )?not found|unknown model|no such model/i;

/**
 * Messages of llama-server's builds since 2023, and of what else may answer. First match wins, so the precise stand before
 * the general.
 * @returns null where the message says nothing that the status does not
 */
export function byMessage(failure: Response, error: ErrorBody): Verdict | null {
  const { status } = failure;
  const { message, type } = error;
  const says = (pattern: RegExp) => pattern.test(message);
  if (
    type === 'exceed_context_size_error' ||
    says(
      /exceeds? the (?:available )?context|max(?:imum)? context (?:length|size)|context (?:size|length|window) (?:has been )?exceeded|prompt is too long|too many tokens/i,
    )
  ) {
    return overflow(error, message);
  }
  if (says(/^loading model/i))
    return { type: 'SERVER_OVERLOADED', code: 'server.loading', message: 'the model is still loading' };
  if (
    says(/no slot available|no available slot|slot unavailable|queue is full|too many (?:pending )?requests/i)
  ) {
    return { type: 'SERVER_OVERLOADED', code: 'server.busy', message: `all slots are taken: ${message}` };
  }
  // The answer's schema, or a tool's: told as a failure of the template's parser.
  const schema = /json schema (?:error at \S+|conversion failed):\s*(.+)/i.exec(message);
  if (schema !== null)
    return invalid('request.invalid-grammar', `the JSON schema cannot be used: ${schema[1]}`);
  if (says(/model limit reached/i))
    return {
      type: 'SERVER_OVERLOADED',
      code: 'model.router-limit',
      message: 'the router has as many models loaded as --models-max allows',
    };
  if (says(/model name is missing|missing or invalid 'model' key|^model is required$/i)) {
    // A router, llama-swap, Ollama; the type makes recovery pick the first model that it has.
    return {
      type: 'MODEL_NOT_FOUND',
      code: 'model.not-found',
      message: says(/^model is required$/i)
        ? 'no model was named, and this server has none of its own'
        : 'this server is a router, and no model was named',
    };
  }
  const unknownModel = UNKNOWN_MODEL.exec(message);
  if (unknownModel !== null && status < 500) {
    const model = unknownModel.slice(1).find((name) => name !== undefined) ?? failure.model;
    return {
      type: 'MODEL_NOT_FOUND',
      code: 'model.not-found',
      message: `the server has no model ${model ? `"${model}"` : 'of that name'}`,
      details: { model },
    };
  }
  if (says(/model is not (?:loaded|running)|^no models? loaded/i))
    return {
      type: 'MODEL_NOT_FOUND',
      code: 'model.not-found',
      message: `the model${failure.model ? ` "${failure.model}"` : ''} is not loaded`,
    };
  if (says(/(?:failed to|could not) load(?: model)?\b/i) && says(/model/i))
    return { type: 'MODEL_NOT_FOUND', code: 'model.load-failed' };
  // Before the general ones: a template's own words ("must be", "not supported") and source stand in the message.
  if (says(/jinja exception|while executing \w+ at line|raise_exception|for this template/i))
    return templateError(message);
  if (says(/requires? --jinja/i))
    return {
      type: 'UNSUPPORTED_FEATURE',
      code: 'feature.disabled',
      message: 'tools need a server started with --jinja',
      details: { flag: '--jinja' },
    };
  if (type === 'not_supported_error' || type === 'feature_disabled' || status === 501)
    return disabled(message);
  if (says(/cannot use tools with stream/i))
    // Builds before 2025-06 take tools, but not streamed; the type makes recovery ask without streaming.
    return { type: 'STREAMING_ERROR', code: 'feature.unsupported-input' };
  if (
    says(
      /(?:image|audio|video|multimodal|file).*(?:not supported|unsupported)|does not support (?:multimodal|images?|audio|tools|chat|thinking|embeddings?)|no endpoints found that support|unsupported content(?:\[\]\.| part )type/i,
    )
  ) {
    return { type: 'UNSUPPORTED_FEATURE', code: 'feature.unsupported-input' };
  }
  if (says(/too large to process|physical batch size/i))
    return { type: 'INVALID_REQUEST', code: 'request.batch-too-small' };
  if (
    says(
      /json\.exception\.parse_error|parse error at line|invalid json|json parse error|^unexpected eof$|^invalid character '/i,
    )
  )
    return invalid('request.invalid-json', `the server could not read the request as JSON: ${message}`);
  if (says(/gramm?ar|json schema (?:conversion|error)|unrecognized schema/i))
    return invalid('request.invalid-grammar');
  const beyond = /_M_range_check: __n \(which is (\d+)\) >= this->size\(\) \(which is (\d+)\)/.exec(message);
  if (beyond !== null && failure.path.startsWith('/detokenize'))
    return invalid(
      'request.invalid-parameter',
      `there is no token ${beyond[1]}: the vocabulary has ${count(Number(beyond[2]))}, from 0`,
    );
  if (
    says(
      /failed to parse (?:messages|tools?)\b|missing 'role'|unsupported param|must be|is required|type_error|out_of_range|_M_range_check|invalid (?:value|type|parameter|argument|input)/i,
    )
  ) {
    return invalid('request.invalid-parameter');
  }
  if (says(/failed to parse (?:input|tool)|parse tool call|tool call/i))
    return invalid('request.tool-call-parse');
  if (says(/template|jinja|minja|roles must alternate/i)) return templateError(message);
  return null;
}

function invalid(code: CatalogueCode, message?: string): Verdict {
  return { type: 'INVALID_REQUEST', code, ...(message === undefined ? {} : { message }) };
}

/** The template's source and the place in it come before what it says. */
function templateError(message: string): Verdict {
  const reason = /\bError: (?:Jinja Exception: )?([^\n]+)\s*$/.exec(message)?.[1];
  return invalid(
    'request.template-error',
    reason === undefined ? undefined : `the chat template refuses these messages: ${reason}`,
  );
}

/** A request that is longer than the context, with both numbers where they are told. */
export function overflow(error: ErrorBody | null, message: string): Verdict {
  const number = (name: string, pattern: RegExp) => {
    const field = error?.fields[name];
    if (typeof field === 'number') return field;
    const text = pattern
      .exec(message)
      ?.slice(1)
      .find((group) => group !== undefined);
    return text === undefined ? undefined : Number(text);
  };
  const nPromptTokens = number(
    'n_prompt_tokens',
    /\((\d+) tokens\)|(?:requested|prompt of|has|resulted in) (?:about )?(\d+) (?:input )?tokens/i,
  );
  const nCtx = number('n_ctx', /context size \((\d+)|maximum context length is (\d+)/i);
  const both = nPromptTokens !== undefined && nCtx !== undefined;
  return {
    type: 'CONTEXT_OVERFLOW',
    code: 'context.overflow',
    message: both
      ? `the request is ${count(nPromptTokens)} tokens long, and a slot holds ${count(nCtx)}`
      : message || 'the request is longer than the context',
    details: {
      ...(nPromptTokens === undefined ? {} : { nPromptTokens }),
      ...(nCtx === undefined ? {} : { nCtx }),
    },
  };
}

/** Something that was not switched on at start, with the flag that does it where the message names one. */
export function disabled(message: string): Verdict {
  // "Start it without `--embeddings`" names a flag to leave out, which is no remedy to add.
  const flag = /--[a-z][a-z-]*/.exec(message.replace(/without `?--[a-z-]+`?/g, ''))?.[0];
  return {
    type: 'UNSUPPORTED_FEATURE',
    code: 'feature.disabled',
    ...(flag === undefined ? {} : { details: { flag } }),
  };
}

function count(tokens: number): string {
  return tokens.toLocaleString('en-US');
}
