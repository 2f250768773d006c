import { readFileSync } from 'node:fs';

/** A text of the corpus with the cause that a reader gave it. */
export interface Sample {
  readonly id: string;
  readonly text: string;
  /** A catalogue code, or `none` where nothing is wrong. */
  readonly label: string;
  /** Other answers that are as fair. */
  readonly also: readonly string[];
}

const fixture = (path: string) => readFileSync(new URL(`../fixtures/${path}`, import.meta.url), 'utf8');

/** A set of the corpus: one JSON object a line. */
export function readCorpus(name: 'dev' | 'held-out'): Sample[] {
  return fixture(`corpus/${name}.jsonl`)
    .trim()
    .split('\n')
    .map((line): Sample => JSON.parse(line));
}

/** What llama-server v0.6.0 writes at `-lv 5` while it loads, answers, embeds and routes: each kind of line once. */
export function readHealthyLog(): string[] {
  return fixture('corpus/healthy-verbose.txt').trimEnd().split('\n');
}

/** `test/fixtures/catalogue/messages.md`: one message a line below its code. */
export function readMessages(): Sample[] {
  let label = '';
  return fixture('catalogue/messages.md')
    .split('\n')
    .flatMap((line, index) => {
      const heading = /^## (\S+)$/.exec(line)?.[1];
      if (heading !== undefined) label = heading;
      if (heading !== undefined || label === '' || line.trim() === '') return [];
      const [text = '', ...also] = line.split(' ¦ ');
      return [{ id: `messages.md:${index + 1}`, text: text.replaceAll('⏎', '\n'), label, also }];
    });
}
