import { matchText } from '../../src/catalogue/match-text.js';
import type { Sample } from './samples.js';

/** What the rules said of one sample. */
export interface Answer {
  readonly sample: Sample;
  /** Codes, best first; empty where nothing was found. */
  readonly found: readonly string[];
  readonly ranks: readonly number[];
  /** The first code is right (or none was found and nothing is wrong). */
  readonly right: boolean;
  /** One of the first three is. */
  readonly inThree: boolean;
}

/** Asks the rules about each sample. */
export async function ask(samples: readonly Sample[]): Promise<Answer[]> {
  return Promise.all(
    samples.map(async (sample): Promise<Answer> => {
      const matches = await matchText(sample.text.split(/\r?\n/));
      const found = matches.map(({ code }) => code);
      const fair = new Set([sample.label, ...sample.also]);
      const isFair = (code: string) => fair.has(code);
      return {
        sample,
        found,
        ranks: matches.map(({ rank }) => rank),
        right: isFair(found[0] ?? 'none'),
        inThree: found.length === 0 ? isFair('none') : found.slice(0, 3).some(isFair),
      };
    }),
  );
}

/** How many of some answers hold, as a share between 0 and 1. */
export function share(answers: readonly Answer[], holds: (answer: Answer) => boolean): number {
  return answers.length === 0 ? 1 : answers.filter(holds).length / answers.length;
}

/** A miss in a line: what was expected, what came instead, and how the text begins. */
export function missLine({ sample, found, ranks }: Answer): string {
  const said = found.map((code, index) => `${code} ${ranks[index]}`).join(', ') || 'nothing';
  return `${sample.id}: ${sample.label}, but found ${said}: ${sample.text.slice(0, 160).replaceAll('\n', '⏎')}`;
}
