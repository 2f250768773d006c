import { nextToken, type Slot } from '../wire/slots.js';
import { count } from './format.js';
import { renderTable } from './table.js';

const BAR = 16;

/** The slots as a table: what each does, and how full its context is. */
export function renderSlots(slots: readonly Slot[]): string {
  if (slots.length === 0) return 'The server has no slots.';
  return renderTable(
    [
      { title: 'SLOT', align: 'right' },
      { title: 'STATE' },
      { title: 'CONTEXT' },
      { title: 'GENERATED', align: 'right' },
      { title: 'TASK', align: 'right' },
    ],
    slots.map((slot) => [
      String(slot.id),
      stateOf(slot),
      fill(slot),
      String(count(nextToken(slot)?.n_decoded ?? 0)),
      slot.id_task == null || slot.id_task < 0 ? '–' : String(slot.id_task),
    ]),
  );
}

function stateOf(slot: Slot): string {
  if (!slot.is_processing) return 'idle';
  return (nextToken(slot)?.n_decoded ?? 0) > 0 ? 'generating' : 'prompt';
}

/** `n_prompt_tokens` is what the slot holds, generated tokens included: nothing is added to it. */
function fill(slot: Slot): string {
  const used = Math.min(slot.n_prompt_tokens ?? 0, slot.n_ctx);
  const full = Math.round((used / slot.n_ctx) * BAR);
  return `${'█'.repeat(full)}${'░'.repeat(BAR - full)}  ${count(used)} / ${count(slot.n_ctx)}`;
}
