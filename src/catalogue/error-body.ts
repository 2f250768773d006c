/** What an error body says, whatever its shape. */
export interface ErrorBody {
  readonly message: string;
  readonly type: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * `{error:{message,type}}` (llama.cpp, OpenAI), `{error:"…"}` (Ollama, LM Studio), `{message}`, `{detail}` (FastAPI), and
 * `{choices:[{error:{message,code}}]}` (OpenRouter, of an answer that broke off).
 */
export function parseErrorBody(body: string): ErrorBody | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return null;
  }
  if (!isRecord(parsed)) return null;
  const error = parsed['error'] ?? errorOfChoice(parsed['choices']);
  if (isRecord(error)) return { message: text(error['message']), type: text(error['type']), fields: error };
  if (typeof error === 'string') return { message: error, type: '', fields: parsed };
  const message = text(parsed['message']) || text(parsed['detail']);
  return message === '' ? null : { message, type: text(parsed['type']), fields: parsed };
}

function errorOfChoice(choices: unknown): unknown {
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined;
  return isRecord(first) ? first['error'] : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
