import type { Token } from '../client/endpoints/tokens.js';
import { plural } from './format.js';
import { renderTable } from './table.js';

/** Tokens as a table, and how many there are. White space in a piece is made visible. */
export function renderTokens(tokens: readonly Token[]): string {
  const table = renderTable(
    [{ title: 'ID', align: 'right' }, { title: 'PIECE' }],
    tokens.map(({ id, piece }) => [String(id), visible(piece)]),
  );
  return `${table}\n\n${plural(tokens.length, 'token')}`;
}

function visible(piece: string): string {
  return piece
    .replaceAll(' ', '␣')
    .replaceAll('\n', '⏎')
    .replaceAll('\t', '⇥')
    .replace(/\p{Cc}/gu, '·');
}
