import type { ModelInfo, ModelList } from '../client/types.js';
import { bytes, count, parameters } from './format.js';
import { type Column, renderTable } from './table.js';
import { truncate } from './width.js';

const UNKNOWN = '–';

/** The models as a table; on a narrow screen long names are cut, and aliases left out, before anything wraps. */
export function renderModels({ models, source }: ModelList, width: number): string {
  if (models.length === 0) return 'The server lists no models.';
  const withAliases = models.some((model) => model.aliases.length > 0) && width >= 100;
  const columns: Column[] = [
    { title: 'MODEL' },
    ...(withAliases ? [{ title: 'ALIASES' }] : []),
    { title: 'PARAMETERS', align: 'right' },
    { title: 'QUANT' },
    { title: 'SIZE', align: 'right' },
    { title: 'CONTEXT (SLOT / TRAINED)', align: 'right' },
    { title: 'STATUS' },
  ];
  const rows = (nameWidth: number) =>
    models.map((model) => [
      truncate(model.id, nameWidth),
      ...(withAliases ? [truncate(model.aliases.join(', ') || UNKNOWN, 24)] : []),
      model.parameters === null ? UNKNOWN : parameters(model.parameters),
      model.quantization ?? UNKNOWN,
      model.sizeBytes === null ? UNKNOWN : bytes(model.sizeBytes),
      `${tokens(model.contextPerSlot)} / ${tokens(model.contextTrained)}`,
      model.status,
    ]);
  const fixed =
    Math.max(
      ...renderTable(columns, rows(5))
        .split('\n')
        .map((line) => line.length),
    ) - 5;
  const table = renderTable(columns, rows(Math.max(12, width - fixed)));
  return source === 'configuration'
    ? `${table}\n\nThese are the configured names: the server could not be asked.`
    : table;
}

function tokens(value: ModelInfo['contextPerSlot']): string {
  return value === null ? UNKNOWN : count(value);
}
