import chalk from 'chalk';

/** Marks that mean the same with and without colour. */
export const SYMBOLS = {
  good: '✓',
  bad: '✗',
  warning: '!',
  partly: '⚠',
  skipped: '–',
  waiting: '…',
  asleep: '☾',
  crashed: '?',
} as const;

export type Mark = keyof typeof SYMBOLS;

const COLOURS: Readonly<Record<Mark, (text: string) => string>> = {
  good: chalk.green,
  bad: chalk.red,
  warning: chalk.yellow,
  partly: chalk.yellow,
  skipped: chalk.dim,
  waiting: chalk.cyan,
  asleep: chalk.blue,
  crashed: chalk.magenta,
};

/** A mark in its colour, where colour is wanted. */
export function mark(name: Mark): string {
  return COLOURS[name](SYMBOLS[name]);
}

export const bold: (text: string) => string = chalk.bold;
export const dim: (text: string) => string = chalk.dim;
export const cyan: (text: string) => string = chalk.cyan;
export const green: (text: string) => string = chalk.green;
export const red: (text: string) => string = chalk.red;
export const yellow: (text: string) => string = chalk.yellow;
export const blue: (text: string) => string = chalk.blue;
export const inverse: (text: string) => string = chalk.inverse;
