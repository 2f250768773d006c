import { modelQuery } from '../../client/endpoints/endpoint.js';
import type { LlamaCppClient } from '../../client/llama-client.js';
import { modelInfo } from '../../client/model-info.js';
import type { ModelInfo } from '../../client/types.js';
import { LlamactlError } from '../../errors/llamactl-error.js';
import { modelListSchema } from '../../wire/models.js';
import type { Props } from '../../wire/props.js';
import { askStatus, assessStatus, parseJson, parseProps, statusOf } from '../health.js';
import { ModelAsking } from './asking.js';
import { LoadingProgress } from './loading-progress.js';
import type { Sample, WatchedState } from './sample.js';

/** A server that is looked at again and again. */
export interface WatchedServer {
  readonly client: LlamaCppClient;
  /** How it is called beside others. */
  readonly target: string;
  /** Milliseconds for an answer, where less than usual. */
  readonly timeoutMs?: number | undefined;
  /** Of a router's models only this one. */
  readonly model?: string | undefined;
}

/** Milliseconds for `/health`, `/props` and the list of models, which a healthy server answers in a few. */
const QUICK = 5000;

interface ModelFacts {
  readonly models: readonly ModelInfo[];
  /** Builds whose lists tell an architecture answer `/metrics` without touching the model (measured; v0.1.0 does neither). */
  readonly quietMetrics: boolean;
}

/** Looks at one server without waking, loading or keeping awake anything. */
export class Looker {
  readonly target: string;
  readonly #client: LlamaCppClient;
  readonly #timeoutMs: number;
  readonly #only: string | undefined;
  readonly #now: () => number;
  readonly #asking = new Map<string, ModelAsking>();
  readonly #loading: LoadingProgress;
  #facts: ModelFacts | null = null;
  #build: string | null = null;

  /** @param now milliseconds of a clock that never goes back */
  constructor(
    { client, target, timeoutMs, model }: WatchedServer,
    now: () => number = () => performance.now(),
  ) {
    this.#client = client;
    this.target = target;
    this.#now = now;
    this.#timeoutMs = Math.min(QUICK, timeoutMs ?? QUICK);
    this.#only = model;
    this.#loading = new LoadingProgress(client);
  }

  /** Lets go of what is listened to. Another look takes it up again. */
  close(): void {
    this.#loading.watch([]);
  }

  /** A sample before any look has ended. */
  unknown(): Sample {
    return this.#sample('unknown');
  }

  /**
   * One look: a sample of the server, and one of each model of a router.
   * @throws LlamactlError (interrupted): what else goes wrong is a state
   */
  async look(signal: AbortSignal): Promise<readonly Sample[]> {
    const answers = await askStatus(this.#client, signal, this.#timeoutMs);
    const { report, error } = await assessStatus(this.#client, answers);
    const props = answers.props.status === 'fulfilled' ? parseProps(answers.props.value.body) : null;
    const base = {
      ...this.#sample(report.status),
      responseTimeMs: report.responseTimeMs,
      build: report.server.build ?? this.#build,
      // That it loads is a state, and nothing is wrong with it.
      error:
        error === null || report.status === 'loading' ? null : { code: error.code, message: error.message },
    };
    if (!report.ready) {
      // Whatever comes back may be another build, or another model.
      this.#forget();
      return [base];
    }
    if (this.#build !== report.server.build) this.#facts = null;
    this.#build = report.server.build;
    try {
      return props?.role === 'router'
        ? await this.#lookAtRouter(base, signal)
        : [await this.#lookAtModel(base, props, signal)];
    } catch (failure) {
      if (!(failure instanceof LlamactlError) || failure.type === 'INTERRUPTED') throw failure;
      // It answered a moment ago: it went, or began to load, in between.
      return [{ ...base, state: statusOf(failure), error: { code: failure.code, message: failure.message } }];
    }
  }

  async #lookAtModel(base: Sample, props: Props | null, signal: AbortSignal): Promise<Sample> {
    this.#facts ??= await this.#askModels(signal);
    const [model] = this.#facts.models;
    const told = {
      ...base,
      modelName: nameOf(model),
      totalSlots: props?.total_slots ?? null,
    };
    if (base.state === 'asleep') return told;
    return this.#withActivity(told, props, '', signal);
  }

  async #lookAtRouter(base: Sample, signal: AbortSignal): Promise<readonly Sample[]> {
    const all = await this.#askModels(signal);
    const facts = { ...all, models: all.models.filter((model) => this.#isWatched(model)) };
    this.#loading.watch(facts.models.flatMap(({ id, status }) => (status === 'loading' ? [id] : [])));
    const models = await Promise.all(
      facts.models.map(async (model): Promise<Sample> => {
        const sample: Sample = {
          ...base,
          model: model.id,
          state: model.status,
          loading: model.status === 'loading' ? this.#loading.of(model.id) : null,
          modelName: nameOf(model),
          error:
            model.failure === undefined
              ? null
              : { code: 'model.load-failed', message: `ended with exit code ${model.failure.exitCode}` },
        };
        if (model.status !== 'ready') {
          this.#asking.get(modelQuery({ model: model.id }))?.forget();
          return sample;
        }
        this.#facts = facts;
        return this.#lookAtLoaded(sample, model.id, signal);
      }),
    );
    return [{ ...base, isRouter: true }, ...models];
  }

  async #lookAtLoaded(sample: Sample, model: string, signal: AbortSignal): Promise<Sample> {
    const query = modelQuery({ model });
    try {
      const answer = await this.#client.request({
        method: 'GET',
        path: `/props${query}`,
        timeoutMs: this.#timeoutMs,
        signal,
      });
      const props = parseProps(answer.body);
      const told = {
        ...sample,
        responseTimeMs: Math.round(answer.durationMs * 10) / 10,
        totalSlots: props?.total_slots ?? null,
      };
      if (props?.is_sleeping) return { ...told, state: 'asleep' };
      return await this.#withActivity(told, props, query, signal);
    } catch (failure) {
      if (!(failure instanceof LlamactlError) || failure.type === 'INTERRUPTED') throw failure;
      // Unloaded since the list was made.
      if (failure.type === 'INVALID_REQUEST' || failure.type === 'MODEL_NOT_FOUND')
        return { ...sample, state: 'unloaded' };
      return { ...sample, state: statusOf(failure), error: { code: failure.code, message: failure.message } };
    }
  }

  async #withActivity(
    sample: Sample,
    props: Props | null,
    query: string,
    signal: AbortSignal,
  ): Promise<Sample> {
    const asking = this.#asking.get(query) ?? new ModelAsking(this.#client, query);
    this.#asking.set(query, asking);
    const quiet = this.#facts?.quietMetrics ?? false;
    const { busy, ...activity } = await asking.look(props, quiet, this.#now(), signal);
    return {
      ...sample,
      ...activity,
      at: this.#now(),
      state: busy ? 'busy' : sample.state,
      totalSlots: sample.totalSlots ?? activity.slots?.length ?? null,
    };
  }

  async #askModels(signal: AbortSignal): Promise<ModelFacts> {
    const answer = await this.#client
      .request({ method: 'GET', path: '/v1/models', timeoutMs: this.#timeoutMs, signal })
      .catch((error: unknown) => {
        if (error instanceof LlamactlError && error.type !== 'INTERRUPTED') return null;
        throw error;
      });
    const parsed = answer === null ? null : modelListSchema.safeParse(parseJson(answer.body));
    const data = parsed?.success ? parsed.data.data : [];
    return {
      models: data.map(modelInfo),
      quietMetrics: data.some(({ architecture }) => architecture != null),
    };
  }

  #isWatched({ id, aliases }: ModelInfo): boolean {
    return this.#only === undefined || id === this.#only || aliases.includes(this.#only);
  }

  #forget(): void {
    this.#loading.watch([]);
    this.#facts = null;
    for (const asking of this.#asking.values()) asking.forget();
  }

  #sample(state: WatchedState): Sample {
    return {
      slots: null,
      counters: null,
      missing: [],
      restingMs: null,
      at: this.#now(),
      target: this.target,
      url: this.#client.baseUrl,
      model: null,
      isRouter: false,
      state,
      error: null,
      responseTimeMs: null,
      build: null,
      modelName: null,
      totalSlots: null,
      loading: null,
    };
  }
}

/** `qwen3-32b Q4_K_M`, where the name does not say it itself. */
function nameOf(model: ModelInfo | undefined): string | null {
  if (model === undefined) return null;
  const { id, quantization } = model;
  const tells = quantization === null || id.toLowerCase().includes(quantization.toLowerCase());
  return tells ? id : `${id} ${quantization}`;
}
