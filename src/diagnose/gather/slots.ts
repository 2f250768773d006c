import { sleep } from '../../client/backoff.js';
import type { LlamaCppClient } from '../../client/llama-client.js';
import { nextToken, type Slot } from '../../wire/slots.js';
import type { SlotActivity } from '../facts.js';

/** Milliseconds between two looks at busy slots: some tokens on any machine, and not long to wait. */
const INTERVAL = 400;
/** Further looks before a slot counts as stuck: a batch of a long prompt can take seconds. */
const MORE_LOOKS = 3;

/**
 * Looks at the slots, and where some are busy again until one moves.
 * @param query asked before each look, since the time that is left shrinks with each
 */
export async function watchSlots(
  client: LlamaCppClient,
  query: () => { readonly signal: AbortSignal; readonly timeout: number; readonly model?: string },
): Promise<SlotActivity> {
  const first = await client.slots(query());
  const busy = first.filter((slot) => slot.is_processing);
  if (busy.length === 0) return { total: first.length, busy: 0, progressed: null, reading: 0 };
  const reading = busy.filter((slot) => !nextToken(slot)?.n_decoded).length;
  let progressed = 0;
  for (let look = 0; look <= MORE_LOOKS && progressed === 0; look++) {
    await sleep(INTERVAL * 2 ** look, [query().signal]);
    const now = await client.slots(query());
    const after = (id: number) => now.find((slot) => slot.id === id);
    progressed = busy.reduce((sum, slot) => sum + progressBetween(slot, after(slot.id)), 0);
  }
  return { total: first.length, busy: busy.length, progressed, reading };
}

/** Tokens that a slot read or generated; another task, or none, is progress too. */
function progressBetween(before: Slot, after: Slot | undefined): number {
  if (after === undefined || after.id_task !== before.id_task || !after.is_processing) return 1;
  const generated = (nextToken(after)?.n_decoded ?? 0) - (nextToken(before)?.n_decoded ?? 0);
  const read = (after.n_prompt_tokens_processed ?? 0) - (before.n_prompt_tokens_processed ?? 0);
  return Math.max(0, generated) + Math.max(0, read);
}
