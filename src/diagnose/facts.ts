import type { Finding } from '../catalogue/entry.js';
import type { ServerKind } from '../catalogue/identify-server.js';
import type { HealthStatus, ModelInfo, ProviderType } from '../client/types.js';
import type { LlamactlError } from '../errors/llamactl-error.js';
import type { ServerProcess } from '../server/processes.js';
import type { Window } from '../services/window.js';
import type { Props } from '../wire/props.js';

/** What asking for something gave: an answer, a failure, or the reason why it was not asked. Plain data. */
export type Fact<T> =
  | { readonly state: 'known'; readonly value: T; readonly durationMs: number }
  | { readonly state: 'failed'; readonly error: FailureFact; readonly durationMs: number }
  | { readonly state: 'not-asked'; readonly reason: string };

/** An error as data, with what a finding needs of it. */
export interface FailureFact {
  readonly type: LlamactlError['type'];
  readonly code: LlamactlError['code'];
  readonly message: string;
  readonly evidence: readonly string[];
  readonly remedies: LlamactlError['remedies'];
}

/** Something odd in the configuration itself. */
export interface ConfigProblem {
  readonly severity: Finding['severity'];
  readonly message: string;
  /** `llamactl.config.json:7:9`. */
  readonly place: string;
}

/** What the user has set up, as far as it decides what is right. */
export interface ConfiguredFacts {
  /** The kind of server that is meant. */
  readonly provider: ProviderType;
  /** The file that won; null without one. */
  readonly file: string | null;
  readonly problems: readonly ConfigProblem[];
  /** Where the address is from: `flag`, `env LLAMACTL_URL`, `llamactl.config.json:4`, `default`, `discovered`. */
  readonly urlOrigin: string;
  /** Asked for by flag, environment or configuration. */
  readonly model: string | null;
  readonly modelOrigin: string | null;
  readonly models: readonly string[];
  /** The context size that the configuration supposes, tokens. */
  readonly contextSize: number | null;
  /** Where it says so: `llamactl.config.json:7`. */
  readonly contextSizeOrigin: string | null;
  readonly keyGiven: boolean;
  readonly keyOrigin: string | null;
  /** What is odd in the key's form, without the key: `begins with "Bearer "`; null where nothing is. */
  readonly keyOddity: string | null;
  /** Whether the application that the configuration is for sends tools; null where nothing tells. */
  readonly usesTools: boolean | null;
  /** The metrics that dashboards and alert rules ask for (`--dashboard`), a file each. */
  readonly dashboards?: readonly DashboardFacts[];
}

/** A file that asks for metrics of llama-server's. */
export interface DashboardFacts {
  readonly file: string;
  /** `llamacpp:requests_deferred` … */
  readonly metrics: readonly string[];
}

/** An HTTP proxy that requests go through; null without one. */
export type ProxyFact = {
  /** Its credentials masked. */
  readonly url: string;
  /** The variable that names it: `HTTP_PROXY`. */
  readonly variable: string;
} | null;

export interface DnsFacts {
  readonly addresses: readonly string[];
}

export interface TcpFacts {
  readonly connectMs: number;
  readonly address: string;
}

/** The certificate that a server shows. */
export interface TlsFacts {
  readonly protocol: string | null;
  readonly subject: string;
  readonly issuer: string;
  /** As OpenSSL writes it: `Nov 24 13:12:00 2026 GMT`. */
  readonly validTo: string;
}

export interface HealthFacts {
  readonly status: HealthStatus;
  readonly kind: ServerKind | null;
  readonly build: string | null;
  readonly responseTimeMs: number | null;
}

/** Who else answers on the host, where the base URL is no llama-server's. */
export interface PathFacts {
  /** The base URL at which a llama-server does answer; null where none was found. */
  readonly url: string | null;
  /** The program that answers in its place; null where a llama-server does. */
  readonly stranger: ServerKind | null;
}

/** Who answers on the other one of llama-server's two default ports, where nobody does on the one that was asked. */
export interface MovedFacts {
  /** `http://localhost:9931`. */
  readonly url: string;
  readonly answers: boolean;
}

/** Endpoints of which `/props` says nothing. Null where the answer tells neither. */
export interface EndpointFacts {
  readonly embeddings: boolean | null;
  readonly rerank: boolean | null;
}

/** Whether the busy slots move. */
export interface SlotActivity {
  readonly total: number;
  readonly busy: number;
  /** Between two looks: tokens that the busy slots generated or read. Null where none is busy. */
  readonly progressed: number | null;
  /** Busy slots that still read their prompt: nothing moves there until a batch is read, which can take a while. */
  readonly reading: number;
}

export interface TemplateFacts {
  /** Characters of the prompt that a plain message becomes. */
  readonly promptLength: number;
  /** Why the template takes no system message; null where it does. */
  readonly systemRole: FailureFact | null;
  /** Why it takes no tools; null where it does, or nobody sends some. */
  readonly tools: FailureFact | null;
}

/** A short streamed answer, as it arrived. */
export interface GenerationFacts {
  readonly model: string;
  /** Milliseconds from asking to the first token. */
  readonly firstTokenMs: number;
  readonly tokens: number;
  /** Milliseconds between the first event with text and the last. */
  readonly spreadMs: number;
  /** How many times something arrived: events that come together count once. */
  readonly bursts: number;
  /** Milliseconds by which the last event came later than the server had made it, by its own stop-watch. */
  readonly lagMs: number | null;
  /** Milliseconds that the server took to generate, by its own stop-watch. */
  readonly generatedMs: number | null;
  readonly promptTokensPerSecond: number | null;
  readonly tokensPerSecond: number | null;
  readonly reasoning: boolean;
  /** `chat`, or `embedding` from a server that only embeds. */
  readonly kind: 'chat' | 'embedding';
}

/** What `--deep` asks beside: things that cost the server some work. */
export interface DeepFacts {
  /** A forced call of a tool. */
  readonly toolCall: Fact<{ readonly name: string; readonly valid: boolean }>;
  /** Tokens that were sent beyond a slot's context, and whether the server took them without a word. */
  readonly overflow: Fact<{
    readonly sent: number;
    readonly contextSize: number;
    readonly accepted: boolean;
  }>;
}

/** What a key may do, where the server tells. */
export interface AccessFacts {
  /** Credits that are left of the key's own limit; null where it has none. */
  readonly limitRemaining: number | null;
}

export interface MetricsFacts {
  /** Calls of the model since the start: moves while it works, even on one long request. */
  readonly decodeCalls: number | null;
  readonly requestsProcessing: number | null;
  readonly requestsDeferred: number | null;
  /** Averages since the start. */
  readonly promptTokensPerSecond: number | null;
  readonly tokensPerSecond: number | null;
  /** Of the prompt tokens, the share that came from the cache: 0 … 1. */
  readonly cacheReuse: number | null;
  /** What the server counts and gauges: `llamacpp:requests_deferred` … */
  readonly names?: readonly string[];
}

/** What this machine tells of a server on it. Only asked where the URL is loopback. */
export interface LocalFacts {
  /** Whoever listens on the port of the URL; null where nobody does, or it cannot be known. */
  readonly holder: {
    readonly pid: number;
    readonly name: string;
    readonly commandLine: string | null;
  } | null;
  readonly processes: readonly ServerProcess[];
  readonly memory: { readonly totalBytes: number; readonly availableBytes: number };
  /** GPUs that the kernel shows: `nvidia`, `amd`, `intel`. */
  readonly gpus: readonly string[];
  /** Containers that run llama.cpp, or did. */
  readonly containers: readonly ContainerFacts[];
}

/** A container of this machine, as docker or podman show it. */
export interface ContainerFacts {
  readonly name: string;
  readonly image: string;
  /** Ports of this machine that lead into it. */
  readonly publishes: readonly number[];
  readonly program?: 'docker' | 'podman';
  /** `running`, `exited`, `restarting` … */
  readonly state?: string;
  /** Of one that has ended. */
  readonly exitCode?: number;
  readonly oomKilled?: boolean;
  /** Its first process, by this machine's numbers; null where it runs in a virtual machine, or not at all. */
  readonly pid?: number | null;
  /** `bridge`, `host` … */
  readonly network?: string;
  /** Where llama-server listens inside, by its flags and variables. */
  readonly host?: string;
  readonly port?: number;
  /** Ports inside, by the port of this machine that leads to each. */
  readonly inside?: Readonly<Record<string, number>>;
}

/** The properties that checks read; templates and settings stay out, as they are long and may be private. */
export type KeptProps = Pick<Props, (typeof KEPT_PROPS)[number]>;

export const KEPT_PROPS = [
  'default_generation_settings',
  'total_slots',
  'model_path',
  'model_alias',
  'model_ftype',
  'modalities',
  'chat_template_caps',
  'build_info',
  'is_sleeping',
  'endpoint_slots',
  'endpoint_props',
  'endpoint_metrics',
  'role',
  'max_instances',
  'models_autoload',
] as const;

/** All that checks reason from. Gathered once; JSON-serialisable; without secrets. */
export interface Facts {
  readonly url: string;
  /** Whose words and remedies hold: the program that answers, where it tells, else the one that is meant. */
  readonly program: ServerKind;
  readonly configured: ConfiguredFacts;
  readonly proxy: ProxyFact;
  readonly dns: Fact<DnsFacts>;
  readonly tcp: Fact<TcpFacts>;
  readonly tls: Fact<TlsFacts>;
  /** Whether the port speaks the other one of http and https, asked where it does not speak the one of the URL. */
  readonly otherScheme: Fact<{ readonly answers: boolean }>;
  readonly health: Fact<HealthFacts>;
  readonly path: Fact<PathFacts>;
  readonly moved: Fact<MovedFacts>;
  readonly props: Fact<KeptProps>;
  readonly endpoints: Fact<EndpointFacts>;
  /** Whether the same is answered without the key that is given. */
  readonly keyless: Fact<{ readonly accepted: boolean }>;
  readonly access: Fact<AccessFacts>;
  readonly window: Fact<Window>;
  readonly models: Fact<readonly ModelInfo[]>;
  readonly slots: Fact<SlotActivity>;
  /** Of a router's loaded model, where another is asked for: whether it is busy decides if that one can be loaded. */
  readonly otherSlots: Fact<SlotActivity>;
  readonly metrics: Fact<MetricsFacts>;
  readonly template: Fact<TemplateFacts>;
  readonly generation: Fact<GenerationFacts>;
  readonly deep: DeepFacts;
  readonly local: Fact<LocalFacts>;
}

/** The names of facts that are asked for one by one. */
export type FactName = Exclude<keyof Facts, 'url' | 'program' | 'configured' | 'proxy'>;

/** A fact that was not asked for, and why. */
export function notAsked(reason: string): Extract<Fact<never>, { state: 'not-asked' }> {
  return { state: 'not-asked', reason };
}

/** A fact's value; null where it is not known. */
export function knownValue<T>(fact: Fact<T>): T | null {
  return fact.state === 'known' ? fact.value : null;
}

/** The failure as data, for facts and findings. */
export function failureFact(error: LlamactlError): FailureFact {
  const { type, code, message, evidence, remedies } = error;
  return { type, code, message, evidence, remedies };
}
