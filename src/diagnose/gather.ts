import { errorOf, toError } from '../catalogue/to-error.js';
import type { HttpResponse } from '../client/http.js';
import type { LlamaCppClient } from '../client/llama-client.js';
import { isLoopback, proxyFor } from '../client/pool.js';
import { LlamactlError } from '../errors/llamactl-error.js';
import { askStatus, assessStatus } from '../services/health.js';
import type { Props } from '../wire/props.js';
import { propsSchema } from '../wire/props.js';
import {
  type ConfiguredFacts,
  type Fact,
  type FactName,
  type Facts,
  failureFact,
  KEPT_PROPS,
  type KeptProps,
  knownValue,
  type MetricsFacts,
  notAsked,
} from './facts.js';
import { ask } from './gather/ask.js';
import { askDeep } from './gather/deep.js';
import { embedOne, generate, wasHeldBack } from './gather/generation.js';
import { answerOf, findPath, identifyStranger, type OpenClient } from './gather/identity.js';
import { askLocal } from './gather/local.js';
import { endpointOf, probeTcp, resolveName } from './gather/network.js';
import { watchSlots } from './gather/slots.js';
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

/** Why a server is not asked for work, and what can be looked at all the same. */
interface Obstacle {
  /** Null where nothing is in the way. */
  readonly reason: string | null;
  readonly asleep?: boolean;
  /** Which of a router's models is asked. */
  readonly model: { readonly model?: string };
  /** A router's loaded model that is another than the one asked for: whether it is busy decides if that one can be loaded. */
  readonly watch?: string;
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
      this.#askStatus(),
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
    const obstacle = this.#obstacle(status, models);
    if (obstacle.reason !== null) {
      const reason = notAsked(obstacle.reason);
      const metrics = obstacle.asleep ? await this.#want('metrics', () => this.#askMetrics({})) : reason;
      const deep = { toolCall: reason, overflow: reason };
      const { watch } = obstacle;
      const otherSlots =
        watch === undefined
          ? reason
          : await this.#want('otherSlots', () =>
              watchSlots(this.#client, { ...this.#quick(), model: watch }),
            );
      return { ...start, slots: reason, otherSlots, template: reason, generation: reason, metrics, deep };
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
    this.#tell('looking at slots, metrics and the chat template');
    const [slots, template, metrics] = await Promise.all([
      told?.endpoint_slots === false
        ? notAsked('the server was started with --no-slots')
        : this.#want('slots', () => watchSlots(this.#client, { ...this.#quick(), ...model })),
      told?.role === 'router'
        ? notAsked('a router applies no template itself')
        : this.#want('template', () =>
            tryTemplate(this.#client, this.#quick(), this.#options.configured.usesTools === true),
          ),
      told?.endpoint_metrics === false
        ? notAsked('the server was started without --metrics')
        : this.#want('metrics', () => this.#askMetrics(model)),
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

  async #askStatus(): Promise<Pick<Facts, 'health' | 'props'>> {
    if (!this.#options.wanted.has('health') && !this.#options.wanted.has('props'))
      return { health: UNWANTED, props: UNWANTED };
    const { signal, timeout } = this.#quick();
    const started = performance.now();
    const answers = await askStatus(this.#client, signal, timeout);
    const durationMs = Math.round((performance.now() - started) * 10) / 10;
    const { report, error } = await assessStatus(this.#client, answers);
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
      return keepProps(await this.#readProps(answers.props.value));
    });
    return { health, props };
  }

  /** @throws LlamactlError (connection.wrong-server) where it is no answer of a llama-server's */
  async #readProps(answer: HttpResponse): Promise<Props> {
    try {
      return propsSchema.parse(JSON.parse(answer.body));
    } catch {
      const request = { method: 'GET', path: '/props', sentKey: this.#options.configured.keyGiven };
      throw await toError({ kind: 'response', ...request, ...answer }, { url: this.#options.baseUrl });
    }
  }

  async #askPath(health: Facts['health']): Promise<Facts['path']> {
    const { open, baseUrl } = this.#options;
    if (health.state === 'not-asked') return health;
    // `/v1/health` answers in newer builds, and nothing else under `/v1/v1` does.
    const doubled = /\/v1$/.test(this.#url.pathname);
    if (health.state === 'known' && !doubled)
      return { state: 'known', value: { url: baseUrl, stranger: null }, durationMs: 0 };
    const code = health.state === 'failed' ? health.error.code : null;
    if (!doubled && code !== 'connection.wrong-path' && code !== 'connection.wrong-server')
      return notAsked('nothing answers as it should');
    return this.#want('path', async () => {
      const [url, stranger] = await Promise.all([
        findPath(open, baseUrl, this.#quick()),
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
    if (!broken || this.#proxy !== null) return notAsked('the scheme is not in doubt');
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

  async #askMetrics(model: { readonly model?: string }): Promise<MetricsFacts> {
    const { metrics } = await this.#client.metrics({ ...this.#quick(), ...model });
    const perSecond = (n: number | null, seconds: number | null) =>
      n === null || !seconds ? null : n / seconds;
    const { promptTokens, promptTokensCached } = metrics;
    const read = (promptTokens ?? 0) + (promptTokensCached ?? 0);
    return {
      requestsProcessing: metrics.requestsProcessing,
      requestsDeferred: metrics.requestsDeferred,
      promptTokensPerSecond: perSecond(promptTokens, metrics.promptSeconds),
      tokensPerSecond: perSecond(metrics.generatedTokens, metrics.generatedSeconds),
      decodeCalls: metrics.decodeCalls,
      cacheReuse: promptTokensCached === null || read === 0 ? null : promptTokensCached / read,
    };
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
      if (error.type === 'TIMEOUT_ERROR' && before !== null) throw await this.#busyOr(error, before, model);
      if (error.code === 'connection.reset' || error.code === 'stream.truncated')
        throw await this.#deathOr(error);
      throw error;
    }
  }

  /** An answer that did not come: the server works on something else, where its count of decodings has moved. */
  async #busyOr(
    error: LlamactlError,
    before: MetricsFacts,
    model: { readonly model?: string },
  ): Promise<LlamactlError> {
    const after = knownValue(await ask(() => this.#askMetrics(model)));
    const [from, to] = [before.decodeCalls, after?.decodeCalls ?? null];
    if (from === null || to === null || to <= from) return error;
    return errorOf(
      {
        type: 'SERVER_OVERLOADED',
        code: 'server.busy',
        message: 'the server is at work on another request, and ours has to wait',
        evidence: [...error.evidence, `llamacpp:n_decode_total ${from} → ${to} meanwhile (/metrics)`],
        details: {},
      },
      { url: this.#options.baseUrl },
    );
  }

  /** A connection that broke over a request: the server died of it, where nothing listens any more. */
  async #deathOr(error: LlamactlError): Promise<LlamactlError> {
    try {
      await probeTcp(this.#url, this.#options.signal, this.#left(CONNECT_TIMEOUT));
      return error;
    } catch (after) {
      if (!(after instanceof LlamactlError) || after.code !== 'connection.refused') return error;
      return errorOf(
        {
          type: 'CONNECTION_ERROR',
          code: 'server.crashed',
          message: 'the server died of a request for a few tokens',
          evidence: [...error.evidence, ...after.evidence],
          details: {},
        },
        { url: this.#options.baseUrl },
      );
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
    return askDeep(this.#client, { signal, timeout: this.#left(), contextSize, ...model });
  }

  /** Why the server is not asked for work, or which of a router's models is. */
  #obstacle({ health, props }: Pick<Facts, 'health' | 'props'>, models: Facts['models']): Obstacle {
    const { wake, configured } = this.#options;
    const blocked = (reason: string, asleep = false): Obstacle => ({ reason, asleep, model: {} });
    if (health.state !== 'known') return blocked('the server does not answer as it should');
    if (props.state === 'failed' && props.error.type === 'AUTHENTICATION_ERROR')
      return blocked('needs a key');
    if (health.value.status === 'asleep' && !wake)
      return blocked('the model sleeps: asking would wake it (--wake does)', true);
    if (knownValue(props)?.role !== 'router') return { reason: null, model: {} };
    const wanted = (knownValue(models) ?? []).filter(
      ({ id, aliases }) =>
        configured.model === null || id === configured.model || aliases.includes(configured.model),
    );
    const loaded = wanted.find(({ status }) => status === 'ready') ?? (wake ? wanted[0] : undefined);
    if (loaded !== undefined) return { reason: null, model: { model: loaded.id } };
    const other = (knownValue(models) ?? []).find(({ status }) => status === 'ready');
    return {
      ...blocked('a router without a loaded model: asking would load one (--wake does)'),
      ...(other === undefined ? {} : { watch: other.id }),
    };
  }

  #want<T>(name: FactName, question: () => Promise<T>): Promise<Fact<T>> {
    return this.#options.wanted.has(name) ? ask(question) : Promise.resolve(UNWANTED);
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
  return isLoopback(endpointOf(new URL(baseUrl)).host);
}

function keepProps({ default_generation_settings: settings, ...rest }: Props): KeptProps {
  const kept = Object.fromEntries(
    KEPT_PROPS.filter((name) => name in rest).map((name) => [name, rest[name as keyof typeof rest]]),
  );
  return { ...kept, ...(settings ? { default_generation_settings: { n_ctx: settings.n_ctx } } : {}) };
}

/** The variable that names the proxy: curl and its kin read the small one first. */
function proxyVariable({ protocol }: URL, env: GatherOptions['env']): string {
  const name = protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  return env[name.toLowerCase()] ? name.toLowerCase() : name;
}

function maskProxy(proxy: string): string {
  return proxy.replace(/:\/\/[^/@]*@/, '://***@');
}
