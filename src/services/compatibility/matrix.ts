import type { LlamaCppClient } from '../../client/llama-client.js';
import { kindOf } from '../../client/providers/kinds.js';
import type { ProviderType } from '../../client/providers/provider.js';
import { firstUsable } from '../../client/server-facts.js';
import type { ModelInfo } from '../../client/types.js';
import { type ErrorDocument, LlamactlError } from '../../errors/llamactl-error.js';
import type { Props } from '../../wire/props.js';
import { checkProvider } from '../providers.js';
import type { Bench, Measurement, OpenClient, Probe, Seen, Verdict } from './feature.js';
import { PROBES, placeOf } from './probes.js';

/** A server to measure, and how clients for it are opened: they ask once, and answer in no other way than asked. */
export interface MatrixTarget {
  readonly name: string | null;
  readonly provider: ProviderType;
  /** Named by a flag or the configuration. */
  readonly model: string | undefined;
  /** All that the configuration names. */
  readonly configured: readonly string[];
  /** Whether what it answers costs somebody money, as far as its address tells. */
  readonly isRemote: boolean;
  readonly open: OpenClient;
}

export interface MatrixOptions {
  readonly signal: AbortSignal;
  /** Milliseconds for everything. */
  readonly deadlineMs: number;
  /** Ask a sleeping model too, which wakes it, and one that is not loaded. */
  readonly wake: boolean;
  readonly onProgress?: (what: string) => void;
}

/** The document of `provider test`. */
export interface Matrix {
  readonly name: string | null;
  readonly provider: ProviderType;
  readonly url: string;
  /** llama-server's build; null where nothing tells. */
  readonly build: string | null;
  /** The model that was asked; null where there is none. */
  readonly model: string | null;
  /** In the order of the specification; empty where the server cannot be used. */
  readonly matrix: readonly Measurement[];
  readonly durationMs: number;
  /** Why it could not be measured. */
  readonly error?: ErrorDocument;
}

/** A matrix, and the failure that kept it from being one. */
export interface MatrixResult {
  readonly report: Matrix;
  readonly error: LlamactlError | null;
}

/** Milliseconds for what a healthy server answers in no time. */
const QUICK = 5000;
/** What only tells that nothing could be seen. */
const PASSING: ReadonlySet<string> = new Set([
  'TIMEOUT_ERROR',
  // The question was too long for this server, whatever it asked.
  'CONTEXT_OVERFLOW',
  'MODEL_NOT_FOUND',
  'SERVER_OVERLOADED',
  'AUTHENTICATION_ERROR',
  'STREAMING_ERROR',
]);
/** What of the connection's failures is an answer all the same: there is no such route, or it breaks. */
const ANSWERS: ReadonlySet<string> = new Set([
  'connection.wrong-path',
  'connection.wrong-server',
  'server.crashed',
]);

/** Measures what a server can do, by asking it. @throws LlamactlError (interrupted) */
export async function measureMatrix(target: MatrixTarget, options: MatrixOptions): Promise<MatrixResult> {
  const client = target.open({});
  const started = performance.now();
  const timeLeft = () => Math.max(1, Math.round(options.deadlineMs - (performance.now() - started)));
  const report = (more: Partial<Matrix>): Matrix => ({
    name: target.name,
    provider: target.provider,
    url: client.baseUrl,
    build: null,
    model: null,
    matrix: [],
    ...more,
    durationMs: Math.round(performance.now() - started),
  });
  try {
    options.onProgress?.('asking the server what it is');
    const { report: health, error } = await checkProvider(
      client,
      target.provider,
      options.signal,
      Math.min(QUICK, timeLeft()),
    );
    if (error !== null) return { report: report({ error: error.toJSON() }), error };
    const about = await learn(client, target, health.server.kind === 'llama.cpp', { ...options, timeLeft });
    const { bench, obstacle } = about;
    const { matrix, failure } = await run(bench, obstacle, options);
    return {
      report: report({
        build: health.server.build,
        model: bench.model ?? null,
        matrix,
        ...(failure === null ? {} : { error: failure.toJSON() }),
      }),
      error: failure,
    };
  } catch (error) {
    if (!(error instanceof LlamactlError) || error.type === 'INTERRUPTED') throw error;
    return { report: report({ error: error.toJSON() }), error };
  } finally {
    await client.destroy();
  }
}

async function learn(
  client: LlamaCppClient,
  target: MatrixTarget,
  isLlamaServer: boolean,
  { wake, signal, timeLeft }: MatrixOptions & Pick<Bench, 'timeLeft'>,
): Promise<{ readonly bench: Bench; readonly obstacle: string | null }> {
  const quick = () => ({ signal, timeout: Math.min(QUICK, timeLeft()), retries: 0 });
  const models = await kindOf(target.provider).discover(client, quick());
  const wanted = target.model ?? target.configured[0];
  const chosen =
    wanted === undefined
      ? firstUsable(models)
      : models.find(({ id, aliases }) => id === wanted || aliases.includes(wanted));
  const model = wanted ?? chosen?.id;
  const ofServer = isLlamaServer ? await client.props(quick()) : null;
  const obstacle = wake ? null : obstacleOf(chosen, ofServer);
  const isRouter = ofServer?.role === 'router';
  const props =
    isRouter && model !== undefined && obstacle === null && chosen?.status === 'ready'
      ? await client.props({ ...quick(), model })
      : ofServer;
  return {
    obstacle,
    bench: {
      provider: target.provider,
      client,
      open: target.open,
      model,
      props,
      ...othersOf(
        models,
        chosen,
        { ...target, tellsStatus: isLlamaServer || target.provider === 'ollama' },
        wake,
      ),
      signal,
      timeLeft,
    },
  };
}

/** Why the model is not asked; null where it may be. */
export function obstacleOf(model: ModelInfo | undefined, props: Props | null): string | null {
  if (props?.is_sleeping || model?.status === 'asleep') return 'asleep: --wake wakes it';
  if (model?.status === 'unloaded') return 'not loaded: --wake loads it';
  return null;
}

/** Models that may be asked beside the chosen one, the smallest first, and what is said where there is none. */
export function othersOf(
  models: readonly ModelInfo[],
  chosen: ModelInfo | undefined,
  {
    configured,
    isRemote,
    tellsStatus,
  }: Pick<MatrixTarget, 'configured' | 'isRemote'> & {
    /** Whether the list says which models are loaded: of other programs nobody knows. */
    readonly tellsStatus: boolean;
  },
  wake: boolean,
): Pick<Bench, 'others' | 'othersReason'> {
  const rest = models.filter(({ id, status }) => id !== chosen?.id && status !== 'failed');
  const allowed = rest.filter(({ id, status }) =>
    isRemote ? configured.includes(id) : wake || (tellsStatus && status === 'ready'),
  );
  const size = ({ sizeBytes }: ModelInfo) => sizeBytes ?? Number.POSITIVE_INFINITY;
  return {
    others: [...allowed].sort((a, b) => (size(a) < size(b) ? -1 : size(a) > size(b) ? 1 : 0)),
    othersReason:
      rest.length === 0
        ? 'only one model is served'
        : isRemote
          ? `${rest.length + 1} models are listed, and the configuration names no second one to ask`
          : 'another is listed, and asking may load it: --wake does',
  };
}

async function run(bench: Bench, obstacle: string | null, options: MatrixOptions) {
  const seen: Seen = { promptTokens: null, reasoning: '', content: '' };
  const measured: Measurement[] = [];
  let failure: LlamactlError | null = null;
  /** Why nothing more is asked of the model. */
  let inTheWay = obstacle;
  let chats = true;
  for (const probe of PROBES) {
    const { feature, asks } = probe;
    const reason =
      asks === 'model' && inTheWay !== null
        ? inTheWay
        : probe.chats && !chats
          ? 'the server does not chat'
          : bench.timeLeft() <= 1
            ? 'there was no time left'
            : null;
    if (reason !== null) {
      measured.push({ feature, result: 'untested', evidence: reason });
      continue;
    }
    options.onProgress?.(`asking about ${feature}`);
    const { verdict, error } = await measure(probe, bench, seen);
    measured.push({ feature, ...verdict });
    if (feature !== 'chat' || error === null) continue;
    chats = false;
    if (verdict.result !== 'untested') continue;
    failure = error;
    inTheWay = error.type === 'MODEL_NOT_FOUND' ? 'the model is not there' : 'the model gave no answer';
  }
  const matrix = [...measured].sort((a, b) => placeOf(a.feature) - placeOf(b.feature));
  return { matrix, failure };
}

/** A refusal is an answer; what passes tells nothing. */
async function measure(
  probe: Probe,
  bench: Bench,
  seen: Seen,
): Promise<{ readonly verdict: Verdict; readonly error: LlamactlError | null }> {
  try {
    return { verdict: await probe.measure(bench, seen), error: null };
  } catch (error) {
    if (!(error instanceof LlamactlError) || error.type === 'INTERRUPTED') throw error;
    return { verdict: verdictOf(error), error };
  }
}

/** What a failure says of a feature. */
export function verdictOf(error: LlamactlError): Verdict {
  const { type, code, message, details } = error;
  const isPassing = PASSING.has(type) || (type === 'CONNECTION_ERROR' && !ANSWERS.has(code));
  const status = details['status'];
  return {
    result: isPassing ? 'untested' : 'no',
    evidence:
      typeof status === 'number' && !message.includes(String(status)) ? `${message} (${status})` : message,
  };
}
