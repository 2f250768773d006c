import { bold } from './symbols.js';
import { displayWidth, hanging, padEnd, wrap } from './width.js';

/** A flag or an argument, as help shows it. */
export interface HelpRow {
  /** `-m, --model NAME`. */
  readonly term: string;
  readonly text: string;
}

/** Everything that the help of one command says. */
export interface CommandHelp {
  /** What is typed before the flags: `llamactl tokenize [TEXT]`. */
  readonly usage: string;
  readonly summary: string;
  readonly description: string;
  readonly examples: readonly string[];
  /** Those that stand after this one: `load` after `models`. */
  readonly commands: readonly HelpRow[];
  readonly arguments: readonly HelpRow[];
  /** The command's own flags first. */
  readonly groups: readonly { readonly title: string; readonly flags: readonly HelpRow[] }[];
}

export interface CommandList {
  readonly summary: string;
  readonly usage: string;
  readonly commands: readonly HelpRow[];
  readonly examples: readonly HelpRow[];
}

/** Lines of prose are no longer than this, however wide the terminal. */
const WIDEST = 100;

/** The page of a command: what it does and examples first, then every flag. */
export function renderCommandHelp(help: CommandHelp, terminalWidth: number): string {
  const width = Math.min(terminalWidth, WIDEST);
  return [
    wrap(help.summary, width),
    section('USAGE', wrap(help.usage, width, '  ')),
    ...(help.description === '' ? [] : [wrap(help.description, width, '  ')]),
    section('EXAMPLES', help.examples.map((example) => command(example, width)).join('\n')),
    ...(help.commands.length === 0 ? [] : [section('COMMANDS', rows(help.commands, width))]),
    ...(help.arguments.length === 0 ? [] : [section('ARGUMENTS', rows(help.arguments, width))]),
    ...help.groups.map(({ title, flags }) => section(title, rows(flags, width))),
  ].join('\n\n');
}

/** The page of the program, or of a topic: its commands, and where to begin. */
export function renderCommandList(list: CommandList, terminalWidth: number): string {
  const width = Math.min(terminalWidth, WIDEST);
  return [
    wrap(list.summary, width),
    section('USAGE', `  ${list.usage}`),
    section('COMMANDS', rows(list.commands, width)),
    ...(list.examples.length === 0 ? [] : [section('EXAMPLES', rows(list.examples, width))]),
  ].join('\n\n');
}

function section(title: string, body: string): string {
  return `${bold(title)}\n${body}`;
}

/** Terms in a column, their texts beside them; beneath them where the column would leave no room. */
function rows(list: readonly HelpRow[], width: number): string {
  const column = Math.max(...list.map(({ term }) => displayWidth(term))) + 4;
  const isNarrow = column > width / 2;
  return list
    .map(({ term, text }) => {
      if (text === '') return `  ${term}`;
      if (isNarrow) return `  ${term}\n${wrap(text, width, '          ')}`;
      return hanging(text, width, padEnd(`  ${term}`, column));
    })
    .join('\n');
}

/** An example; one that is too long goes on in the next line as a shell takes it, so that it can still be copied. */
function command(text: string, width: number): string {
  const lines: string[] = [];
  let line = '  ';
  for (const word of text.split(/ (?=--|\||&&)/)) {
    if (line.trim() !== '' && displayWidth(`${line} ${word}`) > width - 2) {
      lines.push(`${line} \\`);
      line = `      ${word}`;
    } else {
      line = line.trim() === '' ? `${line}${word}` : `${line} ${word}`;
    }
  }
  return [...lines, line].join('\n');
}
