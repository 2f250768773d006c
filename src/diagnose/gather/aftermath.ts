import { errorOf } from '../../catalogue/to-error.js';
import { LlamactlError } from '../../errors/llamactl-error.js';
import type { MetricsFacts } from '../facts.js';
import { ask } from './ask.js';

/**
 * What a request that failed means, from a second look: the server is at work on another one, where its count of decodings has
 * moved meanwhile.
 * @param again asks for the metrics once more
 * @returns the error itself where it has not
 */
export async function busyOr(
  error: LlamactlError,
  before: MetricsFacts,
  url: string,
  again: () => Promise<MetricsFacts>,
): Promise<LlamactlError> {
  const after = await ask(again);
  const [from, to] = [before.decodeCalls, after.state === 'known' ? after.value.decodeCalls : null];
  if (from === null || to === null || to <= from) return error;
  return errorOf(
    {
      type: 'SERVER_OVERLOADED',
      code: 'server.busy',
      message: 'the server is at work on another request, and ours has to wait',
      evidence: [...error.evidence, `llamacpp:n_decode_total ${from} → ${to} meanwhile (/metrics)`],
      details: {},
    },
    { url },
  );
}

/**
 * A connection that broke over a request: the server died of it, where nothing listens any more.
 * @param connect tries to connect once more
 */
export async function crashOr(
  error: LlamactlError,
  url: string,
  connect: () => Promise<unknown>,
): Promise<LlamactlError> {
  const after = await connect().then(
    () => null,
    (failure: unknown) => failure,
  );
  if (!(after instanceof LlamactlError) || after.code !== 'connection.refused') return error;
  return errorOf(
    {
      type: 'CONNECTION_ERROR',
      code: 'server.crashed',
      message: 'the server died of a request for a few tokens',
      evidence: [...error.evidence, ...after.evidence],
      details: {},
    },
    { url },
  );
}
