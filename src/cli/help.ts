import type { Command } from '@oclif/core';
import type { CommandHelp, CommandList, HelpRow } from '../render/help.js';
import { COMMANDS, TOPICS } from './commands.js';
import { loadCommand } from './plugin.js';

const BIN = 'llamactl';
/** Groups of flags after the command's own, in this order; others come between them by name. */
const LAST_GROUPS = ['CONNECTION', 'GLOBAL'];

/** What a newcomer types first. */
const FIRST_STEPS: readonly HelpRow[] = [
  { term: 'llamactl up --tiny', text: 'start a server on the built-in model' },
  { term: 'llamactl health --wait 1m', text: 'wait for the one that you have' },
  { term: 'llamactl diagnose', text: 'find out what is wrong with it' },
  { term: 'llamactl explain server.log', text: 'and what its log means' },
];

/** The flag that oclif gives to every command. */
const JSON_ROW: HelpRow = { term: '--json', text: 'print one JSON document and nothing else' };

type Flag = Command.Class['flags'][string];

/** Everything that the help of a command says. @param id with colons, as in the list of commands */
export async function commandHelp(id: string): Promise<CommandHelp> {
  const command = await loadCommand(id);
  const args = Object.entries(command.args).map(([key, arg]) => ({
    ...arg,
    name: (arg.name ?? key).toUpperCase(),
  }));
  const typed = id.replaceAll(':', ' ');
  const fill = (text: string) =>
    text.replaceAll('<%= config.bin %>', BIN).replaceAll('<%= command.id %>', typed);
  return {
    usage: `${BIN} ${typeof command.usage === 'string' ? fill(command.usage) : usageOf(typed, command, args)}`,
    summary: command.summary ?? '',
    description: fill(command.description ?? ''),
    examples: (command.examples ?? []).map((example) =>
      fill(typeof example === 'string' ? example : example.command),
    ),
    commands: await rowsOf(
      Object.keys(COMMANDS).filter((other) => other.startsWith(`${id}:`)),
      `${id}:`,
    ),
    arguments: args.map(({ name, description = '' }) => ({ term: name, text: description })),
    groups: groupsOf(command),
  };
}

/** The commands that begin with these words; all, where there are none. */
export async function commandList(version: string, topic?: string): Promise<CommandList> {
  const prefix = topic === undefined ? '' : `${topic}:`;
  const inside = Object.keys(COMMANDS).filter((id) => id.startsWith(prefix));
  const rest = (id: string) => id.slice(prefix.length);
  const single = inside.filter((id) => !rest(id).includes(':'));
  const topics = [
    ...new Set(inside.filter((id) => rest(id).includes(':')).map((id) => rest(id).split(':')[0] ?? '')),
  ]
    .filter((name) => !single.includes(prefix + name))
    .map((name) => ({ term: name, text: TOPICS[prefix + name]?.description ?? '' }));
  const rows = await rowsOf(single, prefix);
  return {
    summary:
      topic === undefined
        ? `Talk to a llama.cpp server, see what it is doing, find out what is wrong and exactly what to do about it. Version ${version}.`
        : (TOPICS[topic]?.description ?? ''),
    usage:
      topic === undefined ? `${BIN} COMMAND [FLAGS]` : `${BIN} ${topic.replaceAll(':', ' ')} COMMAND [FLAGS]`,
    commands: [...rows, ...topics].sort((a, b) => (a.term < b.term ? -1 : 1)),
    examples: topic === undefined ? FIRST_STEPS : [],
  };
}

function usageOf(
  typed: string,
  { strict }: Command.Class,
  args: readonly { readonly name: string; readonly required?: boolean }[],
): string {
  const words = args.map(({ name, required }) => {
    const term = strict === false ? `${name}...` : name;
    return required ? term : `[${term}]`;
  });
  return [typed, ...words, '[FLAGS]'].join(' ');
}

function rowsOf(ids: readonly string[], prefix: string): Promise<HelpRow[]> {
  return Promise.all(
    ids.map(async (id) => ({
      term: id.slice(prefix.length).replaceAll(':', ' '),
      text: (await loadCommand(id)).summary ?? '',
    })),
  );
}

function groupsOf(command: Command.Class): CommandHelp['groups'] {
  const groups = new Map<string, HelpRow[]>([['FLAGS', []]]);
  const add = (group: string, row: HelpRow) => groups.set(group, [...(groups.get(group) ?? []), row]);
  const flags: Readonly<Record<string, Flag>> = { ...command.flags, ...command.baseFlags };
  const withChar = Object.values(flags).some(({ char }) => char !== undefined);
  for (const [name, flag] of Object.entries(flags)) {
    if (!flag.hidden) add(flag.helpGroup ?? 'FLAGS', rowOf(name, flag, withChar));
  }
  add('GLOBAL', { ...JSON_ROW, term: withChar ? `    ${JSON_ROW.term}` : JSON_ROW.term });
  const rank = (title: string) => (title === 'FLAGS' ? -1 : LAST_GROUPS.indexOf(title) + 1);
  return [...groups]
    .filter(([, rows]) => rows.length > 0)
    .sort(([a], [b]) => rank(a) - rank(b))
    .map(([title, rows]) => ({ title: title === 'FLAGS' ? title : `${title} FLAGS`, flags: rows }));
}

function rowOf(name: string, flag: Flag, withChar: boolean): HelpRow {
  const char = flag.char === undefined ? (withChar ? '    ' : '') : `-${flag.char}, `;
  const text = flag.summary ?? flag.description ?? '';
  const names = [name, ...(flag.aliases ?? [])].map((each) => `--${each}`).join(', ');
  if (flag.type === 'boolean') return { term: `${char}${names}`, text };
  const { helpValue, options, multiple, default: preset } = flag;
  const value = [helpValue ?? options?.join('|') ?? name.toUpperCase().replaceAll('-', '_')].flat().join(' ');
  return {
    term: `${char}${names} ${value}${multiple ? '...' : ''}`,
    text:
      typeof preset === 'string' || typeof preset === 'number' ? `${text} (${preset} unless given)` : text,
  };
}
