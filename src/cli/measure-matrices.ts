import type { MatrixOptions, MatrixResult } from '../services/compatibility/matrix.js';
import { measureMatrix } from '../services/compatibility/matrix.js';
import { MOST_TOKENS, PROBES } from '../services/compatibility/probes.js';
import { isRemoteUrl } from '../services/compatibility/remote.js';
import type { Connection } from './connect.js';
import type { Output } from './output.js';

/**
 * Measures what servers can do, several at once, with a spinner where people look. Tells what is sent to a server of the open
 * internet before it is, since it may cost money.
 * @throws LlamactlError (interrupted)
 */
export async function measureMatrices(
  connections: readonly Connection[],
  {
    output,
    interactive,
    ...options
  }: MatrixOptions & { readonly output: Output; readonly interactive: boolean },
): Promise<MatrixResult[]> {
  const spinner = interactive
    ? await import('../render/spinner.js').then(({ startSpinner }) => startSpinner('asking'))
    : null;
  const mark = (label: string) => (connections.length === 1 ? '' : `${label}: `);
  try {
    return await Promise.all(
      connections.map(({ target, label, client, open }) => {
        const isRemote = isRemoteUrl(client.baseUrl);
        if (isRemote) output.note(`! ${label}: ${REMOTE}`);
        return measureMatrix(
          {
            name: target.name,
            provider: target.provider,
            model: target.model,
            configured: target.models,
            isRemote,
            open: (changes) => open({ ...changes, once: true }),
          },
          { ...options, onProgress: (what) => spinner?.update(`${mark(label)}${what}`) },
        );
      }),
    );
  } finally {
    spinner?.stop();
    await Promise.all(connections.map(({ client }) => client.destroy()));
  }
}

const REMOTE = `on the open internet. It is sent some ${PROBES.length + 1} short questions, for ${MOST_TOKENS} tokens of answers at most, which may cost money, and once a wrong key.`;
