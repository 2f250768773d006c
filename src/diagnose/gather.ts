import type { LlamaCppClient } from '../client/llama-client.js';
import { isLoopback, proxyFor } from '../client/pool.js';
import { LlamactlError } from '../errors/llamactl-error.js';
import {
  type ConfiguredFacts,
  type Fact,
  type FactName,
  type Facts,
  knownValue,
  type MetricsFacts,
  notAsked,
} from './facts.js';
import { busyOr, crashOr } from './gather/aftermath.js';
import { ask } from './gather/ask.js';
import { askDeep } from './gather/deep.js';
import { embedOne, generate, wasHeldBack } from './gather/generation.js';
import { answerOf, findPath, identifyStranger, type OpenClient } from './gather/identity.js';
import { askLocal } from './gather/local.js';
import { askMetrics } from './gather/metrics.js';
import { endpointOf, probeTcp, resolveName } from './gather/network.js';
import { obstacleOf } from './gather/obstacle.js';
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
/** Tokens of the answer that confirms a first suspicion of buffering. */
const CONFIRMING_TOKENS = 32;
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
    const { baseUrl, configured } = this.#options;
    this.#tell('asking the server what it is');
    const [network, status, models, keyless, local] = await Promise.all([
      this.#askNetwork(),
      this.#wants('health', 'props')
        ? gatherStatus(this.#client, this.#quick(), { url: baseUrl, configured })
        : { health: UNWANTED, props: UNWANTED },
      this.#want('models', () => this.#client.models(this.#quick())),
      this.#want('keyless', () => this.#askWithoutKey()),
      this.#want('local', () => askLocal(endpointOf(this.#url).port)),
    ]);
    const [path, otherScheme] = await Promise.all([
      this.#askPath(status.health),
      this.#askOtherScheme(status.health, network.tls),
    ]);
    const first = {
      url: baseUrl,
      configured,
      proxy:
        this.#proxy === null
          ? null
          : { url: maskProxy(this.#proxy), variable: proxyVariable(this.#url, this.#options.env) },
      ...network,
      ...status,
    };
    const start = { ...first, path, otherScheme, keyless, models, local };
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
    const { signal, caCert, insecure } = this.#options;
    if (this.#proxy !== null) {
      // The proxy looks names up and connects, perhaps to what this machine cannot reach.
      const reason = notAsked(`through the proxy ${maskProxy(this.#proxy)}`);
      return { dns: reason, tcp: reason, tls: reason };
    }
    const timeout = this.#left(CONNECT_TIMEOUT);
    const dns = await this.#want('dns', () => resolveName(this.#url, timeout));
    if (dns.state === 'failed') {
      const reason = notAsked('the name does not resolve');
      return { dns, tcp: reason, tls: reason };
    }
    const tcp = await this.#want('tcp', () => probeTcp(this.#url, signal, timeout));
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

  /** Whether the port speaks the other one of http and https: servers answer the wrong one with silence or a reset. */
  async #askOtherScheme(health: Facts['health'], tls: Facts['tls']): Promise<Facts['otherScheme']> {
    const { signal, open } = this.#options;
    const broken = [health, tls].some(
      (fact) =>
        fact.state === 'failed' && /^connection\.(?:reset|timeout)$|^server\.wedged$/.test(fact.error.code),
    );
    if (!broken || this.#proxy !== null || this.#url.protocol === 'unix:')
      return notAsked('the scheme is not in doubt');
    const timeout = this.#left(CONNECT_TIMEOUT);
    if (this.#url.protocol === 'http:')
      return this.#want('otherScheme', async () => ({
        answers: await probeTls(this.#url, { insecure: true }, signal, timeout).then(
          () => true,
          () => false,
        ),
      }));
    return this.#want('otherScheme', async () => {
      const client = open({ baseUrl: this.#options.baseUrl.replace(/^https:/, 'http:') });
      try {
        return { answers: (await answerOf(client, '/health', { signal, timeout })) !== null };
      } finally {
        await client.destroy();
      }
    });
  }

  async #askWithoutKey(): Promise<{ accepted: boolean }> {
    const client = this.#options.open({ withoutKey: true });
    try {
      await client.props(this.#quick());
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
    const options = () => ({ signal, timeout: this.#left(), ...model });
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
          askMetrics(this.#client, { ...this.#quick(), ...model }),
        );
      if (error.code === 'connection.reset' || error.code === 'stream.truncated')
        throw await crashOr(error, this.#options.baseUrl, () =>
          probeTcp(this.#url, signal, this.#left(CONNECT_TIMEOUT)),
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

/** The variable that names the proxy: curl and its kin read the small one first. */
function proxyVariable({ protocol }: URL, env: GatherOptions['env']): string {
  const name = protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  return env[name.toLowerCase()] ? name.toLowerCase() : name;
}

function maskProxy(proxy: string): string {
  return proxy.replace(/:\/\/[^/@]*@/, '://***@');
}
