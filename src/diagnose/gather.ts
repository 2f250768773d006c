import type { LlamaCppClient } from '../client/llama-client.js';
import { isLoopback, proxyFor } from '../client/pool.js';
import { LlamactlError } from '../errors/llamactl-error.js';
import { type ConfiguredFacts, type Facts, knownValue, type MetricsFacts, notAsked } from './facts.js';
import { busyOr, crashOr } from './gather/aftermath.js';
import { ask } from './gather/ask.js';
import { askDeep } from './gather/deep.js';
import { askEndpoints } from './gather/endpoints.js';
import { embedOne, generate, wasHeldBack } from './gather/generation.js';
import type { OpenClient } from './gather/identity.js';
import { askLocal } from './gather/local.js';
import { askMetrics } from './gather/metrics.js';
import { endpointOf, probeTcp } from './gather/network.js';
import { obstacleOf } from './gather/obstacle.js';
import { Questions, type QuestionsOptions, UNWANTED } from './gather/questions.js';
import {
  askMoved,
  askNetwork,
  askOtherScheme,
  askPath,
  CONNECT_TIMEOUT,
  type Reach,
} from './gather/reach.js';
import { watchSlots } from './gather/slots.js';
import { gatherStatus } from './gather/status.js';
import { tryTemplate } from './gather/template.js';

export interface GatherOptions extends QuestionsOptions {
  readonly baseUrl: string;
  /** Opens clients that ask once and answer in no other way than asked. */
  readonly open: OpenClient;
  readonly configured: ConfiguredFacts;
  /** Ask a sleeping model too, which wakes it, and a router's, which loads it. */
  readonly wake: boolean;
  /** Ask what costs the server some work. */
  readonly deep: boolean;
  readonly caCert?: string | undefined;
  readonly insecure: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Tokens of the answer that confirms a first suspicion of buffering. */
const CONFIRMING_TOKENS = 32;

/** Asks a server all that the checks need, a question once, disturbing nothing: no sleeper is woken, no model loaded. */
export async function gatherFacts(options: GatherOptions): Promise<Facts> {
  const client = options.open({});
  try {
    return await new Gatherer(options, client).gather();
  } finally {
    await client.destroy();
  }
}

/** One gathering: its clock, and what every question is given. */
class Gatherer {
  readonly #options: GatherOptions;
  readonly #client: LlamaCppClient;
  readonly #url: URL;
  readonly #questions: Questions;
  readonly #reach: Reach;

  constructor(options: GatherOptions, client: LlamaCppClient) {
    this.#options = options;
    this.#client = client;
    this.#url = new URL(options.baseUrl);
    this.#questions = new Questions(options);
    const { baseUrl, open, caCert, insecure } = options;
    const proxy = proxyFor(this.#url, options.env);
    this.#reach = {
      questions: this.#questions,
      baseUrl,
      url: this.#url,
      proxy: proxy === null ? null : maskProxy(proxy),
      open,
      caCert,
      insecure,
    };
  }

  async gather(): Promise<Facts> {
    const { baseUrl, configured, env } = this.#options;
    const { proxy } = this.#reach;
    const [network, status, models, keyless, local] = await Promise.all([
      askNetwork(this.#reach),
      this.#questions.wants('health', 'props')
        ? this.#questions.awaiting('health', () =>
            gatherStatus(this.#client, this.#questions.quick(), { url: baseUrl, configured }),
          )
        : { health: UNWANTED, props: UNWANTED },
      this.#questions.want('models', () => this.#client.models(this.#questions.quick())),
      this.#questions.want('keyless', () => this.#askWithoutKey()),
      this.#questions.want('local', () => askLocal(endpointOf(this.#url).port, env)),
    ]);
    const [path, otherScheme, moved] = await Promise.all([
      askPath(this.#reach, status.health),
      askOtherScheme(this.#reach, status.health, network.tls),
      askMoved(this.#reach, network.tcp, status.health),
    ]);
    const first = {
      url: baseUrl,
      configured,
      proxy: proxy === null ? null : { url: proxy, variable: proxyVariable(this.#url, env) },
      ...network,
      ...status,
    };
    const start = { ...first, path, otherScheme, moved, keyless, models, local };
    const obstacle = obstacleOf({ ...status, models, configured }, this.#options.wake);
    if (obstacle.reason !== null) {
      const reason = notAsked(obstacle.reason);
      const deep = { toolCall: reason, overflow: reason };
      const { watch } = obstacle;
      const otherSlots =
        watch === undefined
          ? reason
          : await this.#questions.want('otherSlots', () =>
              watchSlots(this.#client, () => ({ ...this.#questions.quick(), model: watch })),
            );
      return {
        ...start,
        endpoints: reason,
        slots: reason,
        otherSlots,
        template: reason,
        generation: reason,
        metrics: reason,
        deep,
      };
    }
    const otherSlots = notAsked('no other model is in the way');
    return { ...start, otherSlots, ...(await this.#askForWork(status.props, obstacle.model)) };
  }

  /** What a server that is awake and lets us in is asked: `model` names one of a router's. */
  async #askForWork(
    props: Facts['props'],
    model: { readonly model?: string },
  ): Promise<Pick<Facts, 'endpoints' | 'slots' | 'template' | 'metrics' | 'generation' | 'deep'>> {
    const told = knownValue(props);
    const { usesTools } = this.#options.configured;
    const toolsQuestion = usesTools !== true ? 'none' : told?.chat_template_caps ? 'template' : 'chat';
    const [endpoints, slots, template, metrics] = await Promise.all([
      told?.role === 'router'
        ? notAsked("a router's models have their own")
        : this.#questions.want('endpoints', () => askEndpoints(this.#client, () => this.#questions.quick())),
      told?.endpoint_slots === false
        ? notAsked('the server was started with --no-slots')
        : this.#questions.want('slots', () =>
            watchSlots(this.#client, () => ({ ...this.#questions.quick(), ...model })),
          ),
      told?.role === 'router'
        ? notAsked('a router applies no template itself')
        : this.#questions.want('template', () =>
            tryTemplate(this.#client, () => this.#questions.quick(), toolsQuestion),
          ),
      told?.endpoint_metrics === false
        ? notAsked('the server was started without --metrics')
        : this.#questions.want('metrics', () =>
            askMetrics(this.#client, { ...this.#questions.quick(), ...model }),
          ),
    ]);
    const seen = { endpoints, slots, template, metrics };
    const activity = knownValue(slots);
    const taken = activity !== null && activity.total > 0 && activity.busy >= activity.total;
    if (taken) {
      const reason = notAsked('every slot is taken');
      return { ...seen, generation: reason, deep: { toolCall: reason, overflow: reason } };
    }
    if (template.state === 'failed' && template.error.type === 'INVALID_REQUEST') {
      const reason = notAsked('the chat template fails');
      return { ...seen, generation: reason, deep: { toolCall: reason, overflow: reason } };
    }
    const generation = await this.#questions.want('generation', () =>
      this.#askForAnswer(model, knownValue(metrics)),
    );
    return { ...seen, generation, deep: await this.#askDeep(props, generation, model) };
  }

  async #askWithoutKey(): Promise<{ accepted: boolean }> {
    const client = this.#options.open({ withoutKey: true });
    try {
      await client.props(this.#questions.quick());
      return { accepted: true };
    } catch (error) {
      if (error instanceof LlamactlError && error.type === 'AUTHENTICATION_ERROR') return { accepted: false };
      throw error;
    } finally {
      await client.destroy();
    }
  }

  async #askForAnswer(model: { readonly model?: string }, before: MetricsFacts | null) {
    const { signal } = this.#options;
    const options = () => ({ signal, timeout: this.#questions.left(), ...model });
    try {
      const answer = await generate(this.#client, options());
      // A machine that was busy for a moment makes pieces come together too.
      // One that comes seconds late needs no second look.
      if (!wasHeldBack(answer) || (answer.lagMs ?? 0) > 1000) return answer;
      // What has been seen stands, should the longer one not come in time.
      const longer = await ask(() => generate(this.#client, { ...options(), tokens: CONFIRMING_TOKENS }));
      return knownValue(longer) ?? answer;
    } catch (error) {
      if (!(error instanceof LlamactlError)) throw error;
      if (error.code === 'feature.disabled') return embedOne(this.#client, options());
      if (error.type === 'TIMEOUT_ERROR' && before !== null)
        throw await busyOr(error, before, this.#options.baseUrl, () =>
          askMetrics(this.#client, { ...this.#questions.quick(), ...model }),
        );
      if (error.code === 'connection.reset' || error.code === 'stream.truncated')
        throw await crashOr(error, this.#options.baseUrl, () =>
          probeTcp(this.#url, signal, this.#questions.left(CONNECT_TIMEOUT)),
        );
      throw error;
    }
  }

  async #askDeep(
    props: Facts['props'],
    generation: Facts['generation'],
    model: { readonly model?: string },
  ): Promise<Facts['deep']> {
    const { deep, signal } = this.#options;
    const answer = knownValue(generation);
    const reason = !deep ? '--deep asks it' : answer?.kind !== 'chat' ? 'the server does not chat' : null;
    if (reason !== null) return { toolCall: notAsked(reason), overflow: notAsked(reason) };
    const contextSize = knownValue(props)?.default_generation_settings?.n_ctx || null;
    return this.#questions.awaiting('deep', () =>
      askDeep(this.#client, { signal, timeLeft: () => this.#questions.left(), contextSize, ...model }),
    );
  }
}

/** Whether a URL is this machine's own, so that its processes and ports tell something. */
export function isLocal(baseUrl: string): boolean {
  return baseUrl.startsWith('unix:') || isLoopback(endpointOf(new URL(baseUrl)).host);
}

/** The variable that names the proxy: curl and its kin read the small one first. */
function proxyVariable({ protocol }: URL, env: GatherOptions['env']): string {
  const name = protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  return env[name.toLowerCase()] ? name.toLowerCase() : name;
}

function maskProxy(proxy: string): string {
  return proxy.replace(/:\/\/[^/@]*@/, '://***@');
}
