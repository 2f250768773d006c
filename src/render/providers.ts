import type { ProviderEntry, UnusableProvider } from '../services/providers.js';
import { duration } from './format.js';
import { mark } from './symbols.js';
import { renderTable } from './table.js';
import { hanging } from './width.js';

/** The providers as a table, and why those that cannot be used cannot. */
export function renderProviders(
  providers: readonly ProviderEntry[],
  unusable: readonly UnusableProvider[],
  width: number,
): string {
  const table = renderTable(
    [
      { title: 'NAME' },
      { title: 'KIND' },
      { title: 'STATE' },
      { title: 'MODELS', align: 'right' },
      { title: 'TIME', align: 'right' },
      { title: 'URL' },
    ],
    providers.map((entry) => [
      `${entry.name ?? '–'}${entry.default ? ' *' : ''}`,
      entry.provider,
      entry.status,
      entry.ready ? String(entry.models.length) : '–',
      entry.latencyMs === null ? '–' : duration(entry.latencyMs),
      entry.url,
    ]),
    width,
  );
  const ill = [
    ...providers.flatMap(({ name, url, error }) =>
      error === undefined ? [] : [`${name ?? url}: ${error.message} (${error.code})`],
    ),
    ...unusable.map(({ name, error }) => `${name}, not asked: ${error.message}`),
  ].map((line) => hanging(line, width, `${mark('bad')} `));
  return [
    ...(providers.length === 0 ? [] : [table]),
    ...(providers.some((entry) => entry.default) ? ['', '* is meant where no --target is given'] : []),
    ...(ill.length === 0 ? [] : ['', ...ill]),
  ].join('\n');
}
