import { toError } from '../../catalogue/to-error.js';
import type { HttpResponse } from '../../client/http-types.js';
import type { LlamaCppClient } from '../../client/llama-client.js';
import { askStatus, assessStatus } from '../../services/health.js';
import { type Props, propsSchema } from '../../wire/props.js';
import { type Facts, failureFact, KEPT_PROPS, type KeptProps } from '../facts.js';
import { ask } from './ask.js';

/** `/health` and `/props`, asked once for both facts. @throws LlamactlError (interrupted) */
export async function gatherStatus(
  client: LlamaCppClient,
  { signal, timeout }: { readonly signal: AbortSignal; readonly timeout: number },
  { url, configured }: Pick<Facts, 'url' | 'configured'>,
): Promise<Pick<Facts, 'health' | 'props'>> {
  const started = performance.now();
  const answers = await askStatus(client, signal, timeout);
  const durationMs = Math.round((performance.now() - started) * 10) / 10;
  const { report, error } = await assessStatus(client, answers);
  const reached = error === null || error.type === 'AUTHENTICATION_ERROR';
  const health: Facts['health'] = reached
    ? {
        state: 'known',
        value: {
          status: report.status,
          kind: report.server.kind,
          build: report.server.build,
          responseTimeMs: report.responseTimeMs,
        },
        durationMs,
      }
    : { state: 'failed', error: failureFact(error), durationMs };
  const props = await ask(async () => {
    if (answers.props.status === 'rejected') throw answers.props.reason;
    return keepProps(await readProps(answers.props.value, url, configured.keyGiven));
  });
  return { health, props };
}

/** @throws LlamactlError (connection.wrong-server) where it is no answer of a llama-server's */
async function readProps(answer: HttpResponse, url: string, sentKey: boolean): Promise<Props> {
  try {
    return propsSchema.parse(JSON.parse(answer.body));
  } catch {
    throw await toError({ kind: 'response', method: 'GET', path: '/props', sentKey, ...answer }, { url });
  }
}

function keepProps({ default_generation_settings: settings, ...rest }: Props): KeptProps {
  const kept = Object.fromEntries(
    KEPT_PROPS.filter((name) => name in rest).map((name) => [name, rest[name as keyof typeof rest]]),
  );
  return { ...kept, ...(settings ? { default_generation_settings: { n_ctx: settings.n_ctx } } : {}) };
}
