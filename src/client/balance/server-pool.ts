import type { LlamactlError } from '../../errors/llamactl-error.js';
import type { Emitter } from '../emitter.js';
import type { HttpTransport } from '../http.js';
import type { ClientEvents } from '../types.js';
import { type ConversationKey, Conversations, conversationOf } from './conversations.js';
import type { LeaseWish, ServerLease } from './lease.js';
import { type Ask, lookAt } from './look.js';
import { listed, noneLeft } from './none-left.js';
import { pick } from './pick.js';
import { afterFailure, afterLook, afterSuccess, NEW_SERVER, type ServerState } from './server-state.js';

/** A server as the requester makes one. */
export interface PoolServer {
  readonly baseUrl: string;
  readonly transport: HttpTransport;
  /** For looks: connections of their own, that no request keeps waiting. */
  readonly lookTransport: HttpTransport;
  readonly ask: Ask;
}

interface Member extends PoolServer {
  readonly index: number;
  state: ServerState;
  inFlight: number;
  /** Requests of ours that were under way at once at most since the last look: no slot that they kept busy is another's. */
  peak: number;
  picks: number;
  /** The same, at the last look. */
  picksSeen: number;
  look: Promise<void> | null;
  /** What the user was told last. */
  told: 'in' | 'out';
  toldModels: boolean;
}

/** Milliseconds that the first request waits for the slower servers once one is ready. */
const PATIENCE = 250;

/**
 * Several servers for one client: gives each attempt the one to ask, and keeps count of how they do. It looks at them only
 * while there are requests: nothing runs, and nobody is kept awake, by itself.
 */
export class ServerPool {
  readonly #members: readonly Member[];
  readonly #events: Emitter<ClientEvents>;
  readonly #conversations = new Conversations();
  readonly #movable = new WeakSet<object>();
  #first: Promise<void> | undefined;

  constructor(servers: readonly PoolServer[], events: Emitter<ClientEvents>) {
    this.#events = events;
    this.#members = servers.map((server, index) => ({
      ...server,
      index,
      state: NEW_SERVER,
      inFlight: 0,
      peak: 0,
      picks: 0,
      picksSeen: 0,
      look: null,
      told: 'in',
      toldModels: false,
    }));
  }

  /**
   * The server to ask now.
   * @throws LlamactlError where none can be asked, with each one's cause
   */
  async lease(wish: LeaseWish): Promise<ServerLease> {
    const conversation = conversationOf(wish);
    const model = modelOf(wish);
    return this.#leaseOf(await this.#choose(model, conversation), model, conversation);
  }

  /** A lease of each server that can be asked. @throws LlamactlError where there is none */
  async leaseEach(): Promise<ServerLease[]> {
    await this.#choose(null, null);
    await this.#looksUnderWay();
    const usable = this.#members.filter(({ state }) => state.condition !== 'down');
    return usable.map((member) => this.#leaseOf(member, null, null));
  }

  /** Whether an attempt failed by its server, and another can take it at once. */
  canMove(error: unknown): boolean {
    return typeof error === 'object' && error !== null && this.#movable.has(error);
  }

  /** After a deadline passed: whether it is the server or the prompt. @throws LlamactlError where no server answers */
  async assertAlive(): Promise<void> {
    this.#lookWhereDue();
    await this.#looksUnderWay();
    if (pick(this.#members, { model: null, sticky: null }) === null) throw noneLeft(this.#members, null);
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#members.flatMap((member) => [member.transport.close(), member.lookTransport.close()]),
    );
  }

  async destroy(): Promise<void> {
    await Promise.all(
      this.#members.flatMap((member) => [member.transport.destroy(), member.lookTransport.destroy()]),
    );
  }

  async #choose(model: string | null, conversation: ConversationKey | null): Promise<Member> {
    const choose = () => pick(this.#members, { model, sticky: this.#conversations.find(conversation) });
    this.#lookWhereDue();
    this.#first ??= this.#firstLooks();
    await this.#first;
    let index = choose();
    if (index === null || this.#members[index]?.state.condition !== 'ready') {
      // Better a moment for those that may be back than a server that has to wake, or none.
      if (index === null) for (const member of this.#members) this.#look(member);
      await this.#looksUnderWay();
      index = choose();
    }
    const member = index === null ? undefined : this.#members[index];
    if (member === undefined) throw noneLeft(this.#members, model);
    this.#tell();
    return member;
  }

  #leaseOf(member: Member, model: string | null, conversation: ConversationKey | null): ServerLease {
    member.inFlight++;
    member.peak = Math.max(member.peak, member.inFlight);
    member.picks++;
    let done = false;
    return {
      baseUrl: member.baseUrl,
      transport: member.transport,
      release: (error) => {
        if (done) return;
        done = true;
        member.inFlight--;
        if (error !== undefined) return this.#onFailure(member, model, error);
        member.state = afterSuccess(member.state);
        if (conversation !== null) this.#conversations.remember(conversation, member.index);
      },
    };
  }

  #onFailure(member: Member, model: string | null, error: unknown): void {
    member.state = afterFailure(member.state, error, performance.now());
    if (member.state.condition === 'ready') return;
    const next = pick(this.#members, { model, sticky: null });
    const other = next === null ? undefined : this.#members[next];
    const isThere = other !== undefined && other !== member && other.state.condition !== 'loading';
    if (isThere && typeof error === 'object' && error !== null) this.#movable.add(error);
  }

  #lookWhereDue(): void {
    const now = performance.now();
    for (const member of this.#members) if (member.state.lookAt <= now) this.#look(member);
  }

  #look(member: Member): void {
    if (member.look !== null) return;
    const before = member.state;
    const options = {
      names: before.models === null || before.failures > 0,
      // One that nobody needs may fall asleep.
      slots: before.condition !== 'ready' || before.others > 0 || member.picks !== member.picksSeen,
      ours: () => member.peak,
    };
    member.picksSeen = member.picks;
    member.look = lookAt(member.ask, options)
      .then(
        (look) => {
          // A request that failed meanwhile is later news than a look that went well before.
          const isStale = look.ok && before.condition !== 'down' && member.state.condition === 'down';
          if (isStale) return;
          member.state = afterLook(member.state, look, performance.now());
          // One that was away is not owed what the others did meanwhile.
          if (before.condition !== 'ready' && member.state.condition === 'ready')
            member.picks = Math.max(...this.#members.map(({ picks }) => picks));
        },
        // Ended by the client's own end.
        () => undefined,
      )
      .finally(() => {
        member.look = null;
        member.peak = member.inFlight;
      });
  }

  async #looksUnderWay(): Promise<void> {
    await Promise.all(this.#members.map(({ look }) => look));
  }

  /** All of them, but not much longer than the first one that is ready. */
  async #firstLooks(): Promise<void> {
    const looks = this.#members.flatMap(({ look }) => (look === null ? [] : [look]));
    const oneReady = () => this.#members.some(({ state }) => state.condition === 'ready');
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      const onLook = () => {
        if (oneReady()) timer ??= setTimeout(resolve, PATIENCE);
      };
      for (const look of looks) void look.then(onLook);
      onLook();
      void Promise.all(looks).then(() => resolve());
    });
    clearTimeout(timer);
  }

  /** Who is out, who is back, and who serves another model. Told when a request has somewhere else to go. */
  #tell(): void {
    for (const member of this.#members) {
      const { baseUrl, state } = member;
      if (state.condition === 'down' && member.told === 'in') {
        member.told = 'out';
        this.#say(baseUrl, 'out', `${baseUrl} is left out: ${reasonOf(state.error)}`);
      } else if (state.condition === 'ready' && member.told === 'out') {
        member.told = 'in';
        this.#say(baseUrl, 'back', `${baseUrl} is back`);
      }
      if (!member.toldModels && state.models !== null) this.#tellModels(member, state.models);
    }
  }

  #tellModels(member: Member, models: readonly string[]): void {
    const first = this.#members.find(({ state }) => state.models !== null);
    if (first === undefined) return;
    member.toldModels = true;
    const isSame = models.some((name) => first.state.models?.includes(name));
    if (member === first || isSame) return;
    const message = `${member.baseUrl} serves ${listed(models)}, not ${listed(first.state.models)} as ${first.baseUrl} does: it is not asked for a model that it does not have`;
    this.#say(member.baseUrl, 'other-model', message);
  }

  #say(baseUrl: string, event: ClientEvents['server']['event'], message: string): void {
    this.#events.emit('server', { baseUrl, event, message });
  }
}

function reasonOf(error: LlamactlError | null): string {
  return error?.message ?? 'it does not answer';
}

/** The model that the body or the query names. */
export function modelOf({ path, body }: LeaseWish): string | null {
  const named =
    typeof body === 'object' && body !== null && 'model' in body
      ? body.model
      : new URLSearchParams(path.split('?', 2)[1]).get('model');
  return typeof named === 'string' && named !== '' ? named : null;
}
