import type { ServerRow, SlotRow } from '../../services/monitor/track.js';
import { count, duration, plural } from '../format.js';
import { bold, cyan, dim, yellow } from '../symbols.js';
import { padEnd, padStart, truncate, wrap } from '../width.js';
import { percentCell, rateCell, responseCell, uptimeCell } from './cells.js';
import { contextLevel, marked } from './levels.js';
import { rowName } from './screen.js';

/** Lines that the whole detail of a row takes. */
export function detailHeight(row: ServerRow, columns: number): number {
  return detail(row, columns, Number.POSITIVE_INFINITY).length;
}

/** One row in full: what it is, its slots, and what stands beside the numbers. */
export function detail(row: ServerRow, columns: number, height: number): string[] {
  const head = truncate(titleOf(row), columns);
  const foot = [summary(row), ...notes(row)]
    .filter((text) => text !== '')
    .flatMap((text) => wrap(text, columns, ' ').split('\n'));
  const slots = slotLines(row.slotList ?? [], columns, height - 1 - foot.length);
  return [head, ...slots, ...foot].slice(0, Math.max(0, height));
}

function titleOf(row: ServerRow): string {
  const parts = [
    ...(row.modelName === null || row.modelName === row.model ? [] : [row.modelName]),
    ...(row.build === null ? [] : [row.build]),
    ...(row.uptimeMs === null ? [] : [`up ${uptimeCell(row)}`]),
    ...(row.restarts === 0 ? [] : [yellow(plural(row.restarts, 'restart'))]),
  ];
  return ` ${bold(rowName(row))}${parts.map((part) => ` · ${part}`).join('')}`;
}

function slotLines(slots: readonly SlotRow[], columns: number, height: number): string[] {
  if (slots.length === 0 || height < 2) return [];
  // Slots that work come first, where not all fit.
  const fits = slots.length <= height - 1;
  const shown = fits ? slots : [...slots].sort(byWork).slice(0, Math.max(0, height - 2));
  const hidden = slots.filter((slot) => !shown.includes(slot));
  const bar = columns >= 120 ? 40 : 16;
  const sizes = Math.max(...slots.map(({ contextSize }) => count(contextSize).length)) * 2 + 3;
  const title = [
    padEnd('SLOT', 4),
    padEnd('PHASE', 10),
    padEnd('CONTEXT', bar + 2 + sizes + 2),
    padStart('GENERATED', 9),
    padStart('t/s', 8),
  ];
  const lines = shown.map((slot) => {
    const isIdle = slot.phase === 'idle';
    const part = slot.contextSize === 0 ? 0 : slot.contextTokens / slot.contextSize;
    const filled = Math.min(bar, part === 0 ? 0 : Math.max(1, Math.round(part * bar)));
    const bars = `${'█'.repeat(filled)}${'░'.repeat(bar - filled)}`;
    const size = padStart(`${count(slot.contextTokens)} / ${count(slot.contextSize)}`, sizes);
    const line = [
      padEnd(String(slot.id), 4),
      padEnd(isIdle ? dim(slot.phase) : slot.phase, 10),
      `${isIdle ? dim(bars) : cyan(bars)}  ${padEnd(marked(size, isIdle ? 'good' : contextLevel(part)), sizes + 2)}`,
      padStart(isIdle ? '–' : count(slot.generatedTokens), 9),
      padStart(isIdle ? '–' : rateCell(slot.tokensPerSecond), 8),
    ];
    return ` ${line.join('  ')}`;
  });
  const rest = hidden.length === 0 ? [] : [dim(` … ${hiddenSlots(hidden)}`)];
  return [
    dim(truncate(` ${title.join('  ')}`, columns)),
    ...lines.map((line) => truncate(line, columns)),
    ...rest,
  ];
}

function hiddenSlots(hidden: readonly SlotRow[]): string {
  const idle = hidden.filter(({ phase }) => phase === 'idle').length;
  const busy = hidden.length - idle;
  return [...(busy === 0 ? [] : [`${busy} more busy`]), ...(idle === 0 ? [] : [`${idle} more idle`])].join(
    ', ',
  );
}

function byWork(a: SlotRow, b: SlotRow): number {
  const rank = ({ phase }: SlotRow) => (phase === 'idle' ? 1 : 0);
  return rank(a) - rank(b) || a.id - b.id;
}

function summary(row: ServerRow): string {
  const { totals } = row;
  const parts = [
    ...(row.cacheReuse === null ? [] : [`cache reuse ${percentCell(row.cacheReuse)}`]),
    ...(row.draftAcceptance === null ? [] : [`drafts taken ${percentCell(row.draftAcceptance)}`]),
    ...(row.deferred === null || row.deferred === 0
      ? []
      : [yellow(`${count(row.deferred)} waiting for ${duration(Math.max(1, row.deferredMs))}`)]),
    ...(totals.promptTokens === null || totals.generatedTokens === null
      ? []
      : [`${count(totals.promptTokens)} tokens in, ${count(totals.generatedTokens)} out`]),
    ...(row.responseTimeMs === null ? [] : [`/health ${responseCell(row.responseTimeMs)}`]),
  ];
  return parts.join(' · ');
}

/** What keeps something from being told, and what to do about it. */
function notes(row: ServerRow): string[] {
  const { state, missing, restingMs, error } = row;
  if (error !== null)
    return [
      `${error.message} (${error.code})`,
      ...(state === 'unresponsive'
        ? ['where requests hold all its HTTP threads, nobody is answered: --threads-http gives it more']
        : []),
      `llamactl diagnose --url ${row.url}`,
    ];
  if (state === 'asleep')
    return ['asleep: it wakes on the next request, and is only asked what lets it sleep'];
  if (row.router) return ['a router: its models are the rows beneath it'];
  if (state === 'unloaded') return ['not loaded: a request that names it loads it, watching does not'];
  return [
    ...(missing.includes('--metrics')
      ? [dim('queue, cache and totals are told by a server that is started with --metrics')]
      : []),
    ...(missing.includes('--slots')
      ? [dim('rates move only when a request ends: slots are off, start it with --slots')]
      : []),
    ...(restingMs === null
      ? []
      : [dim(`idle: not asked for ${duration(restingMs)}, so that the model may fall asleep`)]),
  ];
}
