import type { Command, Interfaces } from '@oclif/core';
import { boolean } from '@oclif/core/flags';
import { COMMANDS, TOPICS } from './commands.js';

/** The flag that oclif adds to every command of ours, for the help. */
const JSON_FLAG = {
  json: boolean({ description: 'print one JSON document and nothing else', helpGroup: 'GLOBAL' }),
};

/**
 * The CLI as oclif's one plugin. oclif's own finds commands by walking folders (or a manifest that can be stale), which a
 * bundle has not and which doubles start-up; this one has the list of commands.ts.
 * @param withHelp whether the commands' flags and texts are wanted, for which each is loaded
 */
export async function createPlugin(
  root: string,
  pjson: Interfaces.PJSON,
  withHelp: boolean,
): Promise<Interfaces.Plugin> {
  const commands = withHelp ? await Promise.all(Object.keys(COMMANDS).map(describe)) : [];
  return {
    _base: '',
    alias: pjson.name,
    commandIDs: Object.keys(COMMANDS),
    commands,
    commandsDir: undefined,
    findCommand: ((id: string) => loadCommand(id)) as Interfaces.Plugin['findCommand'],
    hasManifest: true,
    hooks: {},
    isRoot: true,
    load: async () => {},
    moduleType: 'module',
    name: pjson.name,
    options: { root },
    pjson,
    root,
    tag: '',
    topics: Object.entries(TOPICS).map(([name, topic]) => ({ name, ...topic })),
    type: 'core',
    valid: true,
    version: pjson.version,
  };
}

/** @throws Error where the list has no such command: a bug of ours, since ids come from the list */
export async function loadCommand(id: string): Promise<Command.Class> {
  const load = COMMANDS[id];
  if (load === undefined) throw new Error(`no command ${id}`);
  const { default: command } = await load();
  command.id = id;
  return command;
}

async function describe(id: string): Promise<Command.Loadable> {
  const command = await loadCommand(id);
  return {
    id,
    aliases: command.aliases,
    args: command.args,
    description: command.description,
    examples: command.examples,
    flags: {
      ...command.baseFlags,
      ...command.flags,
      ...(command.enableJsonFlag ? JSON_FLAG : {}),
    } as Command.Loadable['flags'],
    hidden: command.hidden,
    hiddenAliases: command.hiddenAliases,
    strict: command.strict,
    summary: command.summary,
    usage: command.usage,
    load: async () => command,
  };
}
