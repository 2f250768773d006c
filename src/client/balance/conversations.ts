import { createHash } from 'node:crypto';
import type { LeaseWish } from './lease.js';

/** Conversations that are remembered: the oldest makes room. */
const MOST = 2000;

export interface ConversationKey {
  readonly key: string;
  /** Whether some server has seen it: a first turn has no cache to go back to. */
  readonly continues: boolean;
}

/**
 * What tells a conversation from others: the caller's own name for it, else the messages before the first answer. Those of
 * a first turn are not looked for, or a hundred first turns with one text would all go to one server.
 * @returns null for a request that is no conversation
 */
export function conversationOf({ path, body, conversation }: LeaseWish): ConversationKey | null {
  if (conversation !== undefined) return { key: `name ${conversation}`, continues: true };
  if (!path.startsWith('/v1/chat/completions') || typeof body !== 'object' || body === null) return null;
  const messages: unknown = 'messages' in body ? body.messages : null;
  if (!Array.isArray(messages) || messages.length === 0) return null;
  const at = messages.findIndex(isAnswer);
  const first = at < 0 ? messages : messages.slice(0, at);
  return { key: createHash('sha1').update(JSON.stringify(first)).digest('base64'), continues: at > 0 };
}

function isAnswer(message: unknown): boolean {
  return typeof message === 'object' && message !== null && 'role' in message && message.role === 'assistant';
}

/** Which server answered each conversation last. */
export class Conversations {
  readonly #servers = new Map<string, number>();
  readonly #most: number;

  constructor(most = MOST) {
    this.#most = most;
  }

  /** The server's index; null where none is known. */
  find(conversation: ConversationKey | null): number | null {
    if (conversation === null || !conversation.continues) return null;
    return this.#servers.get(conversation.key) ?? null;
  }

  remember({ key }: ConversationKey, server: number): void {
    this.#servers.delete(key);
    this.#servers.set(key, server);
    if (this.#servers.size <= this.#most) return;
    const [oldest] = this.#servers.keys();
    if (oldest !== undefined) this.#servers.delete(oldest);
  }
}
