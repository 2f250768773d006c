import { Emitter } from '../../client/emitter.js';
import type { LlamaCppClient } from '../../client/llama-client.js';
import type { ExchangeRecord } from '../../client/types.js';
import { LlamactlError } from '../../errors/llamactl-error.js';
import { Looker } from './look.js';
import type { WatchedState } from './sample.js';
import { advanceTrack, NEW_TRACK, type ServerRow, type Track, type WatchEvent } from './track.js';

/** What a client has asked so far, and how that went (the specification's `ClientMetrics`). */
export interface ClientMetrics {
  /** Requests of the application; the monitor's own are not counted. */
  readonly totalRequests: number;
  /** Those that were answered with a status under 400. */
  readonly successfulRequests: number;
  readonly failedRequests: number;
  /** Milliseconds to the head of an answer, of those that were answered; 0 before the first. */
  readonly averageResponseTime: number;
  /** When the last check ended, milliseconds since 1970; 0 before the first. */
  readonly lastHealthCheck: number;
  readonly healthChecks: number;
  readonly healthCheckFailures: number;
  /** Failed checks since the last good one. */
  readonly consecutiveFailures: number;
}

/** One check. */
export interface MonitorHealth {
  /** Healthy: a request would be served (ready, busy or asleep). */
  readonly status: 'healthy' | 'unhealthy';
  /** Milliseconds that `/health` took; null where nothing answered. */
  readonly responseTime: number | null;
  /** What is known of the server: state, slots, rates, totals. */
  readonly serverInfo: ServerRow;
  /** Why it is unhealthy. */
  readonly error?: string;
}

export interface MonitorEvents {
  /** A check has ended. */
  readonly check: MonitorHealth;
  /** The server is in another state than at the check before; null before the first. Busy and ready are told apart. */
  readonly change: { readonly before: WatchedState | null; readonly after: WatchedState };
  /** Something happened that is worth a line in a log: out of reach, back, restarted, asleep. */
  readonly event: WatchEvent;
}

/** Milliseconds between two checks, where nobody says. */
const INTERVAL = 30_000;
/** A server that is out of reach is asked less and less often, up to so many intervals. */
const LONGEST_BACK_OFF = 10;
const HEALTHY: ReadonlySet<WatchedState> = new Set(['ready', 'busy', 'asleep']);
/** What a check asks: not the application's. */
const CHECKED = /^GET \S*?\/(?:health|props|v1\/models|slots|metrics)(?:\?|$)/;

/**
 * Watches the server of a client: the specification's monitor. It wakes no sleeping model, loads none, and lets an idle one fall
 * asleep. One check never begins before the last has ended.
 */
export class LlamaCppMonitor {
  readonly #events = new Emitter<MonitorEvents>();
  readonly #looker: Looker;
  #track: Track = NEW_TRACK;
  #row: ServerRow | null = null;
  #checking: Promise<MonitorHealth> | null = null;
  #running: AbortController | null = null;
  #requests = { total: 0, successful: 0, answered: 0, milliseconds: 0 };
  #checks = { last: 0, total: 0, failed: 0, inARow: 0 };

  constructor(client: LlamaCppClient) {
    this.#looker = new Looker({ client, target: client.baseUrl.replace(/^https?:\/\//, '') });
    client.on('exchange', (record) => this.#count(record));
  }

  /** Listens. @returns a function that stops it */
  on<Name extends keyof MonitorEvents>(
    name: Name,
    listener: (event: MonitorEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  /** Whether checks are made by themselves. */
  get isMonitoring(): boolean {
    return this.#running !== null;
  }

  /**
   * Checks at once, and again and again; keeps the process alive until {@link stopHealthMonitoring}. Called again, it goes on with
   * the new interval.
   * @param intervalMs milliseconds from the end of one check to the next; more where the server is out of reach
   */
  startHealthMonitoring(intervalMs = INTERVAL): void {
    this.stopHealthMonitoring();
    const running = new AbortController();
    this.#running = running;
    let timer: NodeJS.Timeout | undefined;
    running.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
    const next = async () => {
      try {
        await this.#check(running.signal);
      } catch (error) {
        // Stopped, or the client was destroyed. What else goes wrong with a server is a state: this would be a bug of ours.
        if (!(error instanceof LlamactlError) || error.type !== 'INTERRUPTED') throw error;
        if (this.#running === running) this.stopHealthMonitoring();
      }
      if (running.signal.aborted) return;
      const isGone = this.#row?.state === 'unreachable' || this.#row?.state === 'unresponsive';
      const factor = isGone ? Math.min(LONGEST_BACK_OFF, 2 ** (this.#checks.inARow - 1)) : 1;
      timer = setTimeout(next, intervalMs * factor);
    };
    void next();
  }

  /** Stops; a check under way is given up. */
  stopHealthMonitoring(): void {
    this.#running?.abort();
    this.#running = null;
    this.#looker.close();
  }

  /**
   * Checks now; where a check is under way, its result is given.
   * @throws LlamactlError (interrupted) once the client is destroyed, or the check is given up; any other failure is a status
   */
  checkHealth(): Promise<MonitorHealth> {
    return this.#check(new AbortController().signal);
  }

  /** What the last check told of the server; asks where there was none yet. @throws as {@link checkHealth} */
  async getServerMetrics(): Promise<ServerRow> {
    return this.#row ?? (await this.checkHealth()).serverInfo;
  }

  getClientMetrics(): ClientMetrics {
    const { total, successful, answered, milliseconds } = this.#requests;
    return {
      totalRequests: total,
      successfulRequests: successful,
      failedRequests: total - successful,
      averageResponseTime: answered === 0 ? 0 : milliseconds / answered,
      lastHealthCheck: this.#checks.last,
      healthChecks: this.#checks.total,
      healthCheckFailures: this.#checks.failed,
      consecutiveFailures: this.#checks.inARow,
    };
  }

  #check(signal: AbortSignal): Promise<MonitorHealth> {
    this.#checking ??= this.#look(signal).finally(() => {
      this.#checking = null;
    });
    return this.#checking;
  }

  async #look(signal: AbortSignal): Promise<MonitorHealth> {
    const [sample] = await this.#looker.look(signal);
    // There is always one of the server itself, before those of its models.
    const time = new Date();
    const next = advanceTrack(this.#track, sample ?? this.#looker.unknown(), time.toISOString(), () => null);
    const { state: before } = this.#track;
    this.#track = next.track;
    this.#row = next.row;
    const { state, error, responseTimeMs } = next.row;
    const isHealthy = HEALTHY.has(state);
    const { total, failed, inARow } = this.#checks;
    this.#checks = {
      last: time.getTime(),
      total: total + 1,
      failed: failed + (isHealthy ? 0 : 1),
      inARow: isHealthy ? 0 : inARow + 1,
    };
    const health: MonitorHealth = {
      status: isHealthy ? 'healthy' : 'unhealthy',
      responseTime: responseTimeMs,
      serverInfo: next.row,
      ...(isHealthy ? {} : { error: error?.message ?? state }),
    };
    if (before !== state) this.#events.emit('change', { before, after: state });
    for (const event of next.events) this.#events.emit('event', event);
    this.#events.emit('check', health);
    return health;
  }

  #count({ method, url, status, durationMs }: ExchangeRecord): void {
    if (this.#checking !== null && CHECKED.test(`${method} ${url}`)) return;
    const { total, successful, answered, milliseconds } = this.#requests;
    const isAnswered = status !== null;
    this.#requests = {
      total: total + 1,
      successful: successful + (isAnswered && status < 400 ? 1 : 0),
      answered: answered + (isAnswered ? 1 : 0),
      milliseconds: milliseconds + (isAnswered ? durationMs : 0),
    };
  }
}
