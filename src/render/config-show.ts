import type { ShowDocument, ShownTarget } from '../services/config-show.js';
import { count } from './format.js';
import { bold, dim, mark } from './symbols.js';
import { displayWidth, padEnd, truncate, wrap } from './width.js';

/** Each target with its values and where each is from. */
export function renderConfig(document: ShowDocument, width: number): string {
  const { targets, origins, file, form, fallback, allowRemote, problems } = document;
  const without =
    form === null ? 'these are the defaults.' : "the targets are those of nanocoder's environment.";
  const source = file === null ? `No configuration file: ${without}` : `${file}${formText(form)}`;
  const names = Object.keys(targets).sort(
    (a, b) => Number(b === document.default) - Number(a === document.default),
  );
  const blocks = names.flatMap((name) => {
    const target = targets[name];
    if (target === undefined) return [];
    const isDefault = name === document.default ? dim(`  default (${origins['default']})`) : '';
    return [[`${bold(name)}${isDefault}`, ...rows(name, target, origins, width)].join('\n')];
  });
  const chain = [
    ...(fallback.length === 0 ? [] : [`Fallback: ${fallback.join(' → ')}${dim(`  ${origins['fallback']}`)}`]),
    ...(allowRemote
      ? [`Every target may have a prompt (allowRemote)${dim(`  ${origins['allowRemote']}`)}`]
      : []),
  ];
  const troubles = problems.map(({ target, message }) => wrap(`${mark('bad')} ${target}: ${message}`, width));
  return [source, ...blocks, ...chain, ...troubles].join('\n\n');
}

function rows(
  name: string,
  target: ShownTarget,
  origins: Readonly<Record<string, string>>,
  width: number,
): string[] {
  const values = Object.entries(target).flatMap(([field, value]): (readonly [string, string])[] => {
    if (field === 'baseUrls' && Array.isArray(value))
      return value.map((url, index) => [`baseUrls[${index}]`, String(url)] as const);
    if (field === 'baseUrl' && target.baseUrls !== undefined) return [];
    if (field === 'sampling' || field === 'performance' || field === 'headers' || field === 'basicAuth')
      return Object.entries(value ?? {}).map(([key, each]) => [`${field}.${key}`, String(each)] as const);
    if (Array.isArray(value) && value.length === 0) return [];
    return [[field, valueText(field, value)]];
  });
  const originOf = (field: string) =>
    origins[`targets.${name}.${field.replace(/\[\d+\]$/, '')}`] ??
    origins[`targets.${name}.${field.replace(/\..*$/, '')}`] ??
    'default';
  const first = Math.max(...values.map(([field]) => field.length));
  const last = Math.max(...values.map(([field]) => displayWidth(originOf(field))));
  const room = Math.max(12, width - first - last - 6);
  const middle = Math.min(room, Math.max(...values.map(([, value]) => displayWidth(value))));
  return values.map(
    ([field, value]) =>
      `  ${field.padEnd(first)}  ${padEnd(truncate(value, middle), middle)}  ${dim(originOf(field))}`,
  );
}

function valueText(field: string, value: unknown): string {
  if (field === 'timeout') return `${count(Number(value))} ms`;
  if (field === 'contextWindow') return `${count(Number(value))} tokens`;
  if (field === 'apiKeyCommand' && Array.isArray(value)) return JSON.stringify(value);
  if (field === 'apiKeyKeyring' && typeof value === 'object') return JSON.stringify(value);
  return Array.isArray(value) ? value.join(', ') : String(value);
}

function formText(form: ShowDocument['form']): string {
  if (form === null || form === 'llamactl') return '';
  return form === 'nanocoder-old' ? " (nanocoder's old form)" : " (nanocoder's)";
}
