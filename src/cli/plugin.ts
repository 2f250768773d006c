import type { Command, Interfaces } from '@oclif/core';
import { COMMANDS, TOPICS } from './commands.js';

/**
 * The CLI as oclif's one plugin. oclif's own finds commands by walking folders (or a manifest that can be stale), which a
 * bundle has not and which doubles start-up; this one has the list of commands.ts.
 */
export function createPlugin(root: string, pjson: Interfaces.PJSON): Interfaces.Plugin {
  return {
    _base: '',
    alias: pjson.name,
    commandIDs: Object.keys(COMMANDS),
    // Help is ours (help.ts), and commands are run by their class: oclif looks none up.
    commands: [],
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
