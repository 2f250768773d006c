import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { LlamaCppClient } from '../../src/client/llama-client.js';
import type { ClientOptions } from '../../src/client/types.js';
import type { CatalogueCode } from '../../src/errors/codes.js';
import type { LlamaCppErrorType } from '../../src/errors/error-type.js';
import { LlamactlError } from '../../src/errors/llamactl-error.js';
import { type RawServer, rawServer } from '../support/raw-server.js';

/** What our client's user is told when the request fails; it must. */
export async function failureOf(
  baseUrl: string,
  options: ClientOptions = {},
  ask: (client: LlamaCppClient) => Promise<unknown> = (client) => client.health(),
): Promise<LlamactlError> {
  const client = new LlamaCppClient({ baseUrl, maxRetries: 0, timeout: 5000, env: {}, ...options });
  try {
    await ask(client);
  } catch (error) {
    assert.ok(error instanceof LlamactlError, String(error));
    return error;
  } finally {
    await client.destroy();
  }
  return assert.fail('the request was answered');
}

export const complete = (client: LlamaCppClient) => client.completion({ prompt: 'Hello' });
export const stream = async (client: LlamaCppClient) => {
  for await (const _ of client.chatStream([{ role: 'user', content: 'Hello' }]));
};

/** Holds a failure against what it must be. @param cause Node's or undici's code */
export function isFailure(
  error: LlamactlError,
  type: LlamaCppErrorType,
  code: CatalogueCode,
  message: RegExp,
  cause?: RegExp,
): void {
  assert.deepEqual([error.type, error.code], [type, code], error.message);
  assert.match(error.message, message);
  if (cause !== undefined) assert.match(String(error.details['cause']), cause);
  assert.equal(error.evidence.length, 1);
  assert.ok(error.remedies.length > 0);
}

/** A TCP server that says this to whoever asks, byte for byte, and closes the connection. */
export function saying(bytes: string | Buffer): Promise<RawServer> {
  return rawServer((socket: Socket) => {
    socket.once('data', () => socket.end(bytes));
  });
}
