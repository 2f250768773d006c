import type { ModelInfo, ModelList } from '../client/types.js';
import { bytes, count, parameters } from './format.js';
import { type Column, renderTable, tableWidth } from './table.js';
import { wrap } from './width.js';

interface Field extends Column {
  readonly of: (model: ModelInfo) => string;
}

const UNKNOWN = '–';
const NAME: Field = { title: 'MODEL', of: ({ id }) => id };
const ALIASES: Field = { title: 'ALIASES', of: ({ aliases }) => aliases.join(', ') || UNKNOWN };
const PARAMETERS: Field = {
  title: 'PARAMETERS',
  align: 'right',
  of: (model) => (model.parameters === null ? UNKNOWN : parameters(model.parameters)),
};
const QUANT: Field = { title: 'QUANT', of: ({ quantization }) => quantization ?? UNKNOWN };
const SIZE: Field = {
  title: 'SIZE',
  align: 'right',
  of: ({ sizeBytes }) => (sizeBytes === null ? UNKNOWN : bytes(sizeBytes)),
};
const CONTEXT: Field = {
  title: 'CONTEXT (SLOT / TRAINED)',
  align: 'right',
  of: ({ contextPerSlot, contextTrained }) => `${tokens(contextPerSlot)} / ${tokens(contextTrained)}`,
};
const STATUS: Field = { title: 'STATUS', of: ({ status }) => status };

const SHORT = [{ ...PARAMETERS, title: 'PARAMS' }, QUANT, SIZE, { ...CONTEXT, title: 'SLOT / TRAINED' }];

/** From the widest to the narrowest: the first that fits is taken, the last one in any case. */
const LAYOUTS: readonly (readonly Field[])[] = [
  [NAME, ALIASES, PARAMETERS, QUANT, SIZE, CONTEXT, STATUS],
  [NAME, PARAMETERS, QUANT, SIZE, CONTEXT, STATUS],
  [NAME, ...SHORT, STATUS],
];
/** Where names are wider than what is left beside these, they stand on lines of their own. */
const NARROW: readonly (readonly Field[])[] = [
  [NAME, ...SHORT, STATUS],
  [NAME, ...SHORT.slice(2), STATUS],
  [NAME, ...SHORT.slice(3), STATUS],
];

/** The models as a table that fits the screen, with every name whole. */
export function renderModels({ models, source }: ModelList, width: number): string {
  if (models.length === 0) return 'The server lists no models.';
  const hasAliases = models.some(({ aliases }) => aliases.length > 0);
  const draw = (fields: readonly Field[], limit?: number) =>
    renderTable(
      fields,
      models.map((model) => fields.map((field) => field.of(model))),
      limit,
    );
  const fits = (fields: readonly Field[]) => tableWidth(draw(fields).split('\n')) <= width;
  // Beside a name on a line of its own only the title needs room.
  const fitsBeneath = ([, ...others]: readonly Field[]) =>
    tableWidth(draw(others).split('\n')) + NAME.title.length + 2 <= width;
  const fields = LAYOUTS.slice(hasAliases ? 0 : 1).find(fits) ??
    NARROW.find(fitsBeneath) ??
    NARROW.at(-1) ?? [NAME];
  const aliases = hasAliases && !fields.includes(ALIASES) ? aliasLines(models, width) : [];
  return [
    draw(fields, width),
    ...aliases,
    ...(source === 'configuration'
      ? ['', 'These are the configured names: the server could not be asked.']
      : []),
  ].join('\n');
}

function aliasLines(models: readonly ModelInfo[], width: number): string[] {
  const lines = models
    .filter(({ aliases }) => aliases.length > 0)
    .map(({ id, aliases }) => wrap(`${id} is also called ${aliases.join(', ')}`, width));
  return ['', ...lines];
}

function tokens(value: ModelInfo['contextPerSlot']): string {
  return value === null ? UNKNOWN : count(value);
}
