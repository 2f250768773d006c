import { PROGRAM_OF } from '../catalogue/identify-server.js';
import type { LlamaCppClient } from '../client/llama-client.js';
import { isLoopback, proxyFor } from '../client/pool.js';
import { chosenModel } from '../services/window.js';
import { type ConfiguredFacts, type Facts, knownValue, type MetricsFacts, notAsked } from './facts.js';
import { answersOtherwise, maskProxy, proxyVariable } from './gather/address.js';
import { askForAnswer } from './gather/answer.js';
import { askDeep } from './gather/deep.js';
import { askEndpoints } from './gather/endpoints.js';
import { askWithoutKey, type OpenClient } from './gather/identity.js';
import { askLocal } from './gather/local.js';
import { askMetrics } from './gather/metrics.js';
import { endpointOf, probeTcp } from './gather/network.js';
import { obstacleOf } from './gather/obstacle.js';
import { askOtherForWork, gatherOtherKind, obstacleOfOther } from './gather/other-kind.js';
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

/** Milliseconds that are kept for a look at what the server did while it did not answer. */
const SECOND_LOOK = 1000;
/** Milliseconds for docker and its like, at most. */
const LOCAL_TIMEOUT = 2000;

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
      program: PROGRAM_OF[options.configured.provider],
      url: this.#url,
      proxy: proxy === null ? null : maskProxy(proxy),
      open,
      caCert,
      insecure,
    };
  }

  async gather(): Promise<Facts> {
    const { env } = this.#options;
    const [network, identity, local] = await Promise.all([
      askNetwork(this.#reach),
      this.#askIdentity(),
      this.#questions.want('local', () =>
        askLocal(endpointOf(this.#url).port, env, this.#questions.left(LOCAL_TIMEOUT)),
      ),
    ]);
    return identity === null
      ? this.#gatherOther(network, local)
      : this.#gatherLlama(network, identity, local);
  }

  /**
   * What only has to speak OpenAI's API may be a llama-server, which tells more: what answers decides.
   * @returns null where another program is there, or meant
   */
  async #askIdentity(): Promise<Pick<Facts, 'health' | 'props' | 'models' | 'keyless'> | null> {
    const { baseUrl, configured, open } = this.#options;
    const { provider } = configured;
    if (provider === 'ollama' || provider === 'openrouter') return null;
    const isSure = provider === 'llama-cpp';
    const questions = this.#questions;
    const status = questions.wants('health', 'props')
      ? questions.awaiting('health', () =>
          gatherStatus(this.#client, questions.quick(), { url: baseUrl, configured }),
        )
      : { health: UNWANTED, props: UNWANTED };
    if (!isSure && answersOtherwise((await status).health)) return null;
    const [known, models, keyless] = await Promise.all([
      status,
      questions.want('models', () => this.#client.models(questions.quick())),
      questions.want('keyless', () => askWithoutKey(open, questions.quick())),
    ]);
    return { ...known, models, keyless };
  }

  /** What holds of every kind. */
  #frame(network: Pick<Facts, 'dns' | 'tcp' | 'tls'>, local: Facts['local']) {
    const { baseUrl: url, configured, env } = this.#options;
    const { proxy } = this.#reach;
    const named = proxy === null ? null : { url: proxy, variable: proxyVariable(this.#url, env) };
    return { url, configured, proxy: named, ...network, local };
  }

  async #gatherOther(network: Pick<Facts, 'dns' | 'tcp' | 'tls'>, local: Facts['local']): Promise<Facts> {
    const { baseUrl, configured, open, wake, deep } = this.#options;
    const { provider } = configured;
    const questions = this.#questions;
    const found = await gatherOtherKind({
      client: this.#client,
      open,
      baseUrl,
      provider,
      configured,
      questions,
    });
    const otherScheme = await askOtherScheme(this.#reach, found.health, network.tls);
    const chosen = chosenModel(knownValue(found.models) ?? [], configured.model);
    const reason = obstacleOfOther({ ...found, configured, baseUrl }, chosen, { wake, deep });
    const work = await askOtherForWork(this.#client, { model: chosen?.id ?? '', reason, deep, questions });
    return { ...this.#frame(network, local), ...found, otherScheme, ...work };
  }

  async #gatherLlama(
    network: Pick<Facts, 'dns' | 'tcp' | 'tls'>,
    { models, keyless, ...status }: Pick<Facts, 'health' | 'props' | 'models' | 'keyless'>,
    local: Facts['local'],
  ): Promise<Facts> {
    const { configured } = this.#options;
    const [path, otherScheme, moved] = await Promise.all([
      askPath(this.#reach, status.health),
      askOtherScheme(this.#reach, status.health, network.tls),
      askMoved(this.#reach, network.tcp, status.health),
    ]);
    const told = notAsked('/props tells it');
    const start = {
      ...this.#frame(network, local),
      ...status,
      program: 'llama.cpp',
      path,
      otherScheme,
      moved,
      keyless,
      models,
      access: told,
      window: told,
    } as const;
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

  #askForAnswer(model: { readonly model?: string }, before: MetricsFacts | null) {
    const { baseUrl, signal, deadlineMs } = this.#options;
    // Where no token comes, a second look tells a busy server from a wedged one: it needs its time, too.
    const reserve = Math.min(SECOND_LOOK, deadlineMs / 10);
    const questions = this.#questions;
    return askForAnswer(this.#client, {
      baseUrl,
      before,
      options: () => ({ signal, timeout: Math.max(50, questions.left() - reserve), ...model }),
      metrics: () => askMetrics(this.#client, { ...questions.quick(), ...model }),
      connect: () => probeTcp(this.#url, signal, questions.left(CONNECT_TIMEOUT)),
    });
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
