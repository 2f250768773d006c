import { join } from 'node:path';
import { LlamaCppClient } from '../../client/llama-client.js';
import { findFreePort } from '../port.js';
import { RunningServer } from '../run.js';
import { ensureTinyModel } from '../tiny-gguf.js';
import type { InstallContext } from './progress.js';

/** Milliseconds for a start and one completion of a model of 2 MB. */
const DEADLINE = 60_000;

/**
 * Finds out whether a llama-server works on this machine: starts it on the built-in model, lets it complete a text, stops it.
 * A program compiled for another processor, or against libraries that are not here, does not get so far.
 * @param command the program's path
 * @returns null where it works, else what happened
 * @throws what the signal was aborted with
 */
export async function probeServer(command: string, context: InstallContext): Promise<string | null> {
  const model = await ensureTinyModel(context.cacheDirectory);
  const port = await findFreePort();
  const server = new RunningServer({
    binary: { command, args: [] },
    args: ['-m', model, '--host', '127.0.0.1', '--port', String(port), '-c', '512', '--threads', '1'],
    url: `http://127.0.0.1:${port}`,
    env: withoutSettings(context.env),
  });
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(DEADLINE)]);
  const client = new LlamaCppClient({ baseUrl: server.url, maxRetries: 0, env: {} });
  try {
    const ended = await server.waitUntilReady({ signal });
    if (ended !== null) return describe(ended);
    const { content } = await client.completion({ prompt: 'Hello', maxTokens: 8 }, { signal });
    return content.trim() === '' ? 'it answered nothing' : null;
  } catch (error) {
    context.signal.throwIfAborted();
    if (server.hasExited) return describe(await server.exited);
    return error instanceof Error ? error.message : String(error);
  } finally {
    await client.destroy();
    await server.stop();
  }
}

function describe({ code, signal, error }: Awaited<RunningServer['exited']>): string {
  if (error !== null) return `it could not be started: ${error.message}`;
  return signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`;
}

/** llama-server takes every flag from LLAMA_ARG_… too, and a key from LLAMA_API_KEY: the user's are meant for other servers. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !name.startsWith('LLAMA_ARG_') && name !== 'LLAMA_API_KEY'),
  );
}

/** Where a server's folder would hold its program. */
export function programIn(folder: string): string {
  return join(folder, process.platform === 'win32' ? 'llama-server.exe' : 'llama-server');
}
