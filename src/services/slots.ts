import { nextToken, type Slot } from '../wire/slots.js';

/** What a slot does, the same for every build. */
export interface SlotState {
  readonly id: number;
  readonly phase: 'idle' | 'prompt' | 'generating';
  /** Tokens that it holds, prompt and answer; never more than {@link size}. */
  readonly held: number;
  /** Tokens that it can hold. */
  readonly size: number;
  /** Tokens of the answer so far. */
  readonly generated: number;
  /** Null before the first. */
  readonly task: number | null;
}

/** `n_prompt_tokens` is what the slot holds, generated tokens included: nothing is added to it. */
export function slotState(slot: Slot): SlotState {
  const generated = nextToken(slot)?.n_decoded ?? 0;
  return {
    id: slot.id,
    phase: !slot.is_processing ? 'idle' : generated > 0 ? 'generating' : 'prompt',
    held: Math.min(slot.n_prompt_tokens ?? 0, slot.n_ctx),
    size: slot.n_ctx,
    generated,
    task: slot.id_task == null || slot.id_task < 0 ? null : slot.id_task,
  };
}
