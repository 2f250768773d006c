import type { SlotState } from '../services/slots.js';
import { count } from './format.js';
import { renderTable } from './table.js';

const BAR = 16;

/** The slots as a table: what each does, and how full its context is. */
export function renderSlots(slots: readonly SlotState[]): string {
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
      slot.phase,
      fill(slot),
      String(count(slot.generated)),
      slot.task === null ? '–' : String(slot.task),
    ]),
  );
}

function fill({ held, size }: SlotState): string {
  const full = Math.round((held / size) * BAR);
  return `${'█'.repeat(full)}${'░'.repeat(BAR - full)}  ${count(held)} / ${count(size)}`;
}
