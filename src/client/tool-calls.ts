import type { ParsedToolCall } from './types.js';

/** One piece of a tool call as it streams: `id` and `name` come with the first piece only. */
export interface ToolCallDelta {
  readonly index?: number | null | undefined;
  readonly id?: string | null | undefined;
  readonly function?:
    | { readonly name?: string | null | undefined; readonly arguments?: string | null | undefined }
    | null
    | undefined;
}

/** A call whose arguments are still text. */
export interface RawToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

/** A call that cannot be used: cut, or arguments that are not JSON. */
export interface ToolCallProblem {
  readonly name: string;
  readonly text: string;
  readonly reason: string;
}

interface Slot {
  index: number;
  id: string | undefined;
  name: string;
  argumentParts: string[];
}

/** Puts the pieces of streamed tool calls together, by index; several calls may be interleaved. */
export class ToolCallAccumulator {
  readonly #slots: Slot[] = [];
  #last: Slot | undefined;

  get isEmpty(): boolean {
    return this.#slots.length === 0;
  }

  /** Adds a piece, and says which call (0, 1 …) it belongs to. */
  add(delta: ToolCallDelta): number {
    const slot = this.#slotOf(delta);
    this.#last = slot;
    slot.id ??= delta.id || undefined;
    const name = delta.function?.name;
    if (name && slot.name === '') slot.name = name;
    const piece = delta.function?.arguments;
    if (piece) slot.argumentParts.push(piece);
    return slot.index;
  }

  /** The calls so far, in the order of their index, arguments as text. */
  raw(): RawToolCall[] {
    return [...this.#slots]
      .sort((a, b) => a.index - b.index)
      .map((slot) => {
        // Some servers send no id; a `tool` message needs one to refer to.
        slot.id ??= `call_${globalThis.crypto.randomUUID().replaceAll('-', '').slice(0, 24)}`;
        return { id: slot.id, name: slot.name, arguments: slot.argumentParts.join('') };
      });
  }

  #slotOf(delta: ToolCallDelta): Slot {
    const { index } = delta;
    const id = delta.id || undefined;
    const found =
      typeof index === 'number'
        ? this.#slots.find((slot) => slot.index === index)
        : // Without an index: the call of that id, else the one under way, unless a new id or name starts another.
          id !== undefined
          ? this.#slots.find((slot) => slot.id === id)
          : delta.function?.name && this.#last?.name
            ? undefined
            : this.#last;
    if (found !== undefined) return found;
    const next = Math.max(-1, ...this.#slots.map((slot) => slot.index)) + 1;
    const slot: Slot = {
      index: typeof index === 'number' ? index : next,
      id: undefined,
      name: '',
      argumentParts: [],
    };
    this.#slots.push(slot);
    return slot;
  }
}

/**
 * Parses the calls' arguments.
 * @returns the calls in order, and what is wrong with those that cannot be used; empty arguments are `{}`
 */
export function parseToolCalls(calls: readonly RawToolCall[]): {
  readonly toolCalls: readonly ParsedToolCall[];
  readonly problems: readonly ToolCallProblem[];
} {
  const toolCalls: ParsedToolCall[] = [];
  const problems: ToolCallProblem[] = [];
  for (const call of calls) {
    const problem = (reason: string) => problems.push({ name: call.name, text: call.arguments, reason });
    if (call.name === '') {
      problem('it names no function');
      continue;
    }
    try {
      const parsed: unknown = call.arguments.trim() === '' ? {} : JSON.parse(call.arguments);
      if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) {
        toolCalls.push({ id: call.id, name: call.name, arguments: parsed });
      } else {
        problem('its arguments are not a JSON object');
      }
    } catch (error) {
      problem(`its arguments are not JSON: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { toolCalls, problems };
}
