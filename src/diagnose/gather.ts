import { PROGRAM_OF } from '../catalogue/identify-server.js';
import type { LlamaCppClient } from '../client/llama-client.js';
import { isLoopback, proxyFor } from '../client/pool.js';
import { chosenModel } from '../services/window.js';
import {
  type ConfiguredFacts,
  type Fact,
  type FactName,
  type Facts,
  knownValue,
  type MetricsFacts,
  notAsked,
} from './facts.js';
import {
  answersOtherwise,
  isSchemeInDoubt,
  maskProxy,
  proxyVariable,
  tryOtherScheme,
} from './gather/address.js';
import { askForAnswer } from './gather/answer.js';
import { ask } from './gather/ask.js';
import { askDeep } from './gather/deep.js';
import { generate } from './gather/generation.js';
import { askWithoutKey, findPath, identifyStranger, type OpenClient } from './gather/identity.js';
import { askLocal } from './gather/local.js';
import { askMetrics } from './gather/metrics.js';
import { endpointOf, probeTcp, resolveName } from './gather/network.js';
import { obstacleOf } from './gather/obstacle.js';
import { gatherOtherKind, obstacleOfOther } from './gather/other-kind.js';
import { watchSlots } from './gather/slots.js';
import { gatherStatus } from './gather/status.js';
import { tryTemplate } from './gather/template.js';
import { probeTls } from './gather/tls.js';

export interface GatherOptions {
  readonly baseUrl: string;
  /** Opens clients that ask once and answer in no other way than asked. */
  readonly open: OpenClient;
  readonly configured: ConfiguredFacts;
  readonly signal: AbortSignal;
  /** Milliseconds for everything. */
  readonly deadlineMs: number;
  /** Ask a sleeping model too, which wakes it, and a router's, which loads it. */
  readonly wake: boolean;
  /** Ask what costs the server some work. */
  readonly deep: boolean;
  readonly caCert?: string | undefined;
  readonly insecure: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Facts that some check wants; the others are not asked for. */
  readonly wanted: ReadonlySet<FactName>;
  readonly onProgress?: (what: string) => void;
}

/** Milliseconds for a connection, and for what a healthy server answers in no time, at most. */
const CONNECT_TIMEOUT = 3000;
const QUICK_TIMEOUT = 4000;
/** Tokens that another kind of server is asked for: some of those behind OpenRouter take no fewer. */
const FEW_TOKENS = 16;
const UNWANTED = notAsked('no check wants it');

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
  readonly #started = performance.now();
  readonly #proxy: string | null;

  constructor(options: GatherOptions, client: LlamaCppClient) {
    this.#options = options;
    this.#client = client;
    this.#url = new URL(options.baseUrl);
    this.#proxy = proxyFor(this.#url, options.env);
  }

  async gather(): Promise<Facts> {
    this.#tell('asking the server what it is');
    const [network, identity, local] = await Promise.all([
      this.#askNetwork(),
      this.#askIdentity(),
      this.#want('local', () => askLocal(endpointOf(this.#url).port)),
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
    const { baseUrl, configured } = this.#options;
    const { provider } = configured;
    if (provider === 'ollama' || provider === 'openrouter') return null;
    const isSure = provider === 'llama-cpp';
    const status = this.#wants('health', 'props')
      ? gatherStatus(this.#client, this.#quick(), { url: baseUrl, configured })
      : { health: UNWANTED, props: UNWANTED };
    if (!isSure && answersOtherwise((await status).health)) return null;
    const [known, models, keyless] = await Promise.all([
      status,
      this.#want('models', () => this.#client.models(this.#quick())),
      this.#want('keyless', () => askWithoutKey(this.#options.open, this.#quick())),
    ]);
    return { ...known, models, keyless };
  }

  async #gatherLlama(
    network: Pick<Facts, 'dns' | 'tcp' | 'tls'>,
    { models, keyless, ...status }: Pick<Facts, 'health' | 'props' | 'models' | 'keyless'>,
    local: Facts['local'],
  ): Promise<Facts> {
    const { configured } = this.#options;
    const [path, otherScheme] = await Promise.all([
      this.#askPath(status.health),
      this.#askOtherScheme(status.health, network.tls),
    ]);
    const told = notAsked('/props tells it');
    const start = {
      ...this.#frame(network, local),
      ...status,
      program: 'llama.cpp',
      path,
      otherScheme,
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
          : await this.#want('otherSlots', () =>
              watchSlots(this.#client, () => ({ ...this.#quick(), model: watch })),
            );
      return {
        ...start,
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

  /** What holds of every kind. */
  #frame(network: Pick<Facts, 'dns' | 'tcp' | 'tls'>, local: Facts['local']) {
    const { baseUrl: url, configured, env } = this.#options;
    const proxy =
      this.#proxy === null ? null : { url: maskProxy(this.#proxy), variable: proxyVariable(this.#url, env) };
    return { url, configured, proxy, ...network, local };
  }

  async #gatherOther(network: Pick<Facts, 'dns' | 'tcp' | 'tls'>, local: Facts['local']): Promise<Facts> {
    const { baseUrl, configured, open, wanted, wake, deep, signal } = this.#options;
    const { provider } = configured;
    const options = { client: this.#client, open, baseUrl, provider, configured, wanted };
    const found = await gatherOtherKind({ ...options, call: () => this.#quick() });
    const otherScheme = await this.#askOtherScheme(found.health, network.tls);
    const frame = { ...this.#frame(network, local), ...found, otherScheme };
    const only = notAsked('only a llama-server tells it');
    const chosen = chosenModel(knownValue(found.models) ?? [], configured.model);
    const reason = obstacleOfOther({ ...found, configured, baseUrl }, chosen, { wake, deep });
    this.#tell('asking for a short answer');
    const work = { signal, timeLeft: () => this.#left(), contextSize: null, model: chosen?.id ?? '' };
    const generation =
      reason === null
        ? await this.#want('generation', () =>
            generate(this.#client, { signal, timeout: this.#left(), model: work.model, tokens: FEW_TOKENS }),
          )
        : notAsked(reason);
    const toolCall = !deep
      ? notAsked('--deep asks it')
      : reason === null && this.#wants('deep')
        ? (await askDeep(this.#client, work)).toolCall
        : notAsked(reason ?? 'no check wants it');
    return {
      ...frame,
      generation,
      deep: { toolCall, overflow: only },
      slots: only,
      otherSlots: only,
      metrics: only,
      template: only,
    };
  }

  /** What a server that is awake and lets us in is asked: `model` names one of a router's. */
  async #askForWork(
    props: Facts['props'],
    model: { readonly model?: string },
  ): Promise<Pick<Facts, 'slots' | 'template' | 'metrics' | 'generation' | 'deep'>> {
    const told = knownValue(props);
    const { usesTools } = this.#options.configured;
    const toolsQuestion = usesTools !== true ? 'none' : told?.chat_template_caps ? 'template' : 'chat';
    this.#tell('looking at slots, metrics and the chat template');
    const [slots, template, metrics] = await Promise.all([
      told?.endpoint_slots === false
        ? notAsked('the server was started with --no-slots')
        : this.#want('slots', () => watchSlots(this.#client, () => ({ ...this.#quick(), ...model }))),
      told?.role === 'router'
        ? notAsked('a router applies no template itself')
        : this.#want('template', () => tryTemplate(this.#client, () => this.#quick(), toolsQuestion)),
      told?.endpoint_metrics === false
        ? notAsked('the server was started without --metrics')
        : this.#want('metrics', () => askMetrics(this.#client, { ...this.#quick(), ...model })),
    ]);
    const activity = knownValue(slots);
    const taken = activity !== null && activity.total > 0 && activity.busy >= activity.total;
    if (taken) {
      const reason = notAsked('every slot is taken');
      return { slots, template, metrics, generation: reason, deep: { toolCall: reason, overflow: reason } };
    }
    if (template.state === 'failed' && template.error.type === 'INVALID_REQUEST') {
      const reason = notAsked('the chat template fails');
      return { slots, template, metrics, generation: reason, deep: { toolCall: reason, overflow: reason } };
    }
    this.#tell('asking for a short answer');
    const generation = await this.#want('generation', () => this.#askForAnswer(model, knownValue(metrics)));
    return { slots, template, metrics, generation, deep: await this.#askDeep(props, generation, model) };
  }

  async #askNetwork(): Promise<Pick<Facts, 'dns' | 'tcp' | 'tls'>> {
    const { signal, caCert, insecure, configured } = this.#options;
    const program = PROGRAM_OF[configured.provider];
    if (this.#proxy !== null) {
      // The proxy looks names up and connects, perhaps to what this machine cannot reach.
      const reason = notAsked(`through the proxy ${maskProxy(this.#proxy)}`);
      return { dns: reason, tcp: reason, tls: reason };
    }
    const timeout = this.#left(CONNECT_TIMEOUT);
    const dns = await this.#want('dns', () => resolveName(this.#url, timeout, program));
    if (dns.state === 'failed') {
      const reason = notAsked('the name does not resolve');
      return { dns, tcp: reason, tls: reason };
    }
    const tcp = await this.#want('tcp', () => probeTcp(this.#url, signal, timeout, program));
    const tls =
      this.#url.protocol !== 'https:'
        ? notAsked('the address is http://')
        : tcp.state === 'failed'
          ? notAsked('there is no connection')
          : await this.#want('tls', () => probeTls(this.#url, { caCert, insecure }, signal, timeout));
    return { dns, tcp, tls };
  }

  async #askPath(health: Facts['health']): Promise<Facts['path']> {
    const { open, baseUrl } = this.#options;
    if (health.state === 'not-asked') return health;
    // Newer builds answer `/v1/health`, and nothing else under `/v1/v1`.
    const doubled = /\/v1$/.test(this.#url.pathname);
    if (health.state === 'known' && !doubled)
      return { state: 'known', value: { url: baseUrl, stranger: null }, durationMs: 0 };
    const code = health.state === 'failed' ? health.error.code : null;
    if (!doubled && code !== 'connection.wrong-path' && code !== 'connection.wrong-server')
      return notAsked('nothing answers as it should');
    return this.#want('path', async () => {
      const [url, stranger] = await Promise.all([
        findPath(open, baseUrl, () => this.#quick()),
        identifyStranger(open, baseUrl, this.#quick()),
      ]);
      return { url, stranger };
    });
  }

  #askOtherScheme(health: Facts['health'], tls: Facts['tls']): Promise<Facts['otherScheme']> {
    const { signal, open, baseUrl } = this.#options;
    if (!isSchemeInDoubt(health, tls) || this.#proxy !== null || this.#url.protocol === 'unix:')
      return Promise.resolve(notAsked('the scheme is not in doubt'));
    const timeout = this.#left(CONNECT_TIMEOUT);
    return this.#want('otherScheme', () => tryOtherScheme(open, baseUrl, { signal, timeout }));
  }

  #askForAnswer(model: { readonly model?: string }, before: MetricsFacts | null) {
    const { baseUrl, signal } = this.#options;
    return askForAnswer(this.#client, {
      baseUrl,
      before,
      options: () => ({ signal, timeout: this.#left(), ...model }),
      metrics: () => askMetrics(this.#client, { ...this.#quick(), ...model }),
      connect: () => probeTcp(this.#url, signal, this.#left(CONNECT_TIMEOUT)),
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
    this.#tell('asking for a tool call, and for more than the context holds');
    const contextSize = knownValue(props)?.default_generation_settings?.n_ctx || null;
    return askDeep(this.#client, { signal, timeLeft: () => this.#left(), contextSize, ...model });
  }

  /** Why the server is not asked for work, or which of a router's models is. */
  #wants(...names: readonly FactName[]): boolean {
    return names.some((name) => this.#options.wanted.has(name));
  }

  #want<T>(name: FactName, question: () => Promise<T>): Promise<Fact<T>> {
    return this.#wants(name) ? ask(question) : Promise.resolve(UNWANTED);
  }

  /** Milliseconds that are left, at most `limit`. */
  #left(limit = Number.POSITIVE_INFINITY): number {
    const left = this.#options.deadlineMs - (performance.now() - this.#started);
    return Math.round(Math.max(50, Math.min(left, limit)));
  }

  #quick(): { readonly signal: AbortSignal; readonly timeout: number; readonly retries: number } {
    return { signal: this.#options.signal, timeout: this.#left(QUICK_TIMEOUT), retries: 0 };
  }

  #tell(what: string): void {
    this.#options.onProgress?.(what);
  }
}

/** Whether a URL is this machine's own, so that its processes and ports tell something. */
export function isLocal(baseUrl: string): boolean {
  return baseUrl.startsWith('unix:') || isLoopback(endpointOf(new URL(baseUrl)).host);
}
