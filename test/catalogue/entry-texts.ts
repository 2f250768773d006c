import type { CatalogueEntry } from '../../src/catalogue/entry.js';

/** All commands of an entry, unfilled. */
export function commandsOf(entry: Pick<CatalogueEntry, 'remedies' | 'diagnostics'>): string[] {
  return [...entry.remedies.flatMap(({ commands }) => commands), ...Object.values(entry.diagnostics).flat()];
}

/** All texts of an entry that people read, unfilled. */
export function textsOf(entry: CatalogueEntry): string[] {
  return [
    entry.title,
    entry.explanation,
    ...entry.causes,
    ...entry.remedies.map(({ text }) => text),
    ...commandsOf(entry),
  ];
}
