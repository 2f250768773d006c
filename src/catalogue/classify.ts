import type { Classification, Failure } from './classification.js';
import { classifyException } from './classify-exception.js';
import { classifyResponse } from './classify-response.js';

/**
 * What a failure is: the type that recovery goes by, the catalogue code, one line for the user, and the proof. Reads the
 * status AND the error's type and message, since llama-server answers 400 for an overflow, 500 for bad JSON and 503 while
 * it loads.
 */
export function classify(failure: Failure): Classification {
  switch (failure.kind) {
    case 'exception':
      return classifyException(failure);
    case 'response':
      return classifyResponse(failure);
    case 'event':
      return classifyResponse({ ...failure, kind: 'response', ...responseOfEvent(failure.body) });
  }
}

/** An `error` event carries the same object as an error body; its `code` is the status it would have had. */
function responseOfEvent(body: string): { status: number; headers: Record<string, string> } {
  const code = /"code"\s*:\s*(\d{3})\b/.exec(body)?.[1];
  // llama-server's errors have a type; OpenRouter's have none.
  const headers: Record<string, string> = /"type"\s*:/.test(body) ? { server: 'llama.cpp' } : {};
  return { status: code === undefined ? 500 : Number(code), headers };
}
