import { LlamactlError, type Remedy } from '../errors/llamactl-error.js';
import type { Redactor } from '../errors/redact.js';
import type { Classification, Failure } from './classification.js';
import { classify } from './classify.js';
import type { RemedyContext } from './entry.js';
import { SERVER_NAMES, type ServerKind } from './identify-server.js';

/** What is known beside the failure, for its remedies and for keeping secrets out of its texts. */
export interface ErrorContext extends RemedyContext {
  readonly redact?: Redactor;
}

/** What a proxy that asks for a login is given; as an argument others could see it. */
const LOGIN: Remedy = {
  text: 'Give it the login: here for this shell, or as `basicAuth` in the configuration',
  commands: ['export LLAMACTL_BASIC_AUTH=USER:PASSWORD'],
};

/** A failure, as the error that users see: classified, its remedies filled with the actual URL, port, model and flag. */
export async function toError(failure: Failure, context: ErrorContext = {}): Promise<LlamactlError> {
  return errorOf(
    classify(failure),
    {
      path: failure.path,
      ...(failure.model === undefined ? {} : { model: failure.model }),
      ...(failure.program === undefined ? {} : { program: failure.program }),
      ...context,
    },
    causeOf(failure),
  );
}

/** A classification as an error. The catalogue's texts are loaded here, when something has failed, and not before. */
export async function errorOf(
  found: Classification,
  context: ErrorContext = {},
  cause?: unknown,
): Promise<LlamactlError> {
  const { remediesFor } = await import('./programs.js');
  const { redact = (text: string) => text, program, ...known } = context;
  const { flag, nCtx, nPromptTokens, serverKind, model } = found.details;
  const remedies = remediesFor(found.code, answering(program, serverKind), {
    ...known,
    ...(typeof model === 'string' ? { model } : {}),
    ...(typeof flag === 'string' ? { flag } : {}),
    ...(typeof nPromptTokens === 'number' && typeof nCtx === 'number'
      ? { contextSize: roomFor(nPromptTokens) }
      : {}),
  });
  return new LlamactlError({
    type: found.type,
    code: found.code,
    message: redact(found.message),
    evidence: found.evidence.map(redact),
    remedies: found.details['wantsLogin'] === true ? [LOGIN, ...remedies] : remedies,
    details: found.details,
    cause,
  });
}

/** Of what only has to speak OpenAI's API, the answer may tell which program it is. */
function answering(program: ServerKind = 'llama.cpp', told: unknown): ServerKind {
  const isNamed = typeof told === 'string' && told in SERVER_NAMES && told !== 'proxy';
  return program === 'unknown' && isNamed ? (told as ServerKind) : program;
}

/** The next power of two that holds a prompt of so many tokens and an answer of 1,024. */
export function roomFor(promptTokens: number): number {
  return 2 ** Math.ceil(Math.log2(promptTokens + 1024));
}

function causeOf(failure: Failure): unknown {
  return failure.kind === 'exception' ? failure.error : undefined;
}
