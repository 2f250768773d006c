import { usageError } from '../errors/llamactl-error.js';
import type { HttpDispatcher } from './http-types.js';
import { createDispatcher } from './pool.js';
import type { ClientOptions, PoolOptions } from './types.js';

/** The caller's own dispatcher, else one for the base URL. @throws LlamactlError (usage) */
export async function dispatcherFor(
  baseUrl: string,
  options: ClientOptions,
  pool: Required<PoolOptions>,
): Promise<HttpDispatcher> {
  if (options.dispatcher !== undefined) {
    if (isDispatcher(options.dispatcher)) return options.dispatcher;
    throw usageError('the dispatcher is none of undici: it has no dispatch()');
  }
  return createDispatcher({
    baseUrl,
    pool,
    env: options.env ?? process.env,
    ...(options.caCert === undefined ? {} : { caCert: options.caCert }),
    ...(options.insecure === undefined ? {} : { insecure: options.insecure }),
  });
}

function isDispatcher(value: object): value is import('undici').Dispatcher {
  return 'dispatch' in value && typeof value.dispatch === 'function';
}
