import type { Interfaces } from '@oclif/core';
import { Config } from '@oclif/core/config';
import { usageError } from '../errors/llamactl-error.js';
import { nearest } from '../errors/nearest.js';
import { COMMANDS, TOPICS } from './commands.js';
import { Output } from './output.js';
import { createPlugin, loadCommand } from './plugin.js';

/**
 * The program: finds the command in the arguments and runs it. Sets the process's exit code; throws only what is a bug.
 * @param argv what stands after `llamactl`
 * @param root the package's folder
 */
export async function main(argv: readonly string[], root: string, pjson: Interfaces.PJSON): Promise<void> {
  const { id, rest } = findCommand(argv);
  const wantsHelp =
    argv.length === 0 ||
    argv[0] === 'help' ||
    beforeDashes(rest).some((word) => word === '--help' || word === '-h');
  if (id !== null && !wantsHelp) {
    const command = await loadCommand(id);
    await command.run([...rest], await loadConfig(root, pjson, false));
    return;
  }
  const isTopic = argv[0] !== undefined && argv[0] in TOPICS;
  if (id === null && !wantsHelp && !isTopic && !/^--?(?:version|v|V)$/.test(argv[0] ?? '')) {
    await reportUnknown(argv);
    return;
  }
  const words = argv[0] === '-v' || argv[0] === '-V' ? ['--version'] : [...argv];
  const { run } = await import('@oclif/core/run');
  await run(words, await loadConfig(root, pjson, true));
}

/** The longest run of leading words that names a command. */
export function findCommand(argv: readonly string[]): {
  readonly id: string | null;
  readonly rest: readonly string[];
} {
  for (let length = Math.min(argv.length, 3); length > 0; length--) {
    const id = argv.slice(0, length).join(':');
    if (id in COMMANDS) return { id, rest: argv.slice(length) };
  }
  return { id: null, rest: argv };
}

function loadConfig(root: string, pjson: Interfaces.PJSON, withHelp: boolean): Promise<Interfaces.Config> {
  return createPlugin(root, pjson, withHelp).then((plugin) =>
    Config.load({
      root,
      pjson,
      plugins: new Map([[plugin.name, plugin]]),
      devPlugins: false,
      userPlugins: false,
    }),
  );
}

function beforeDashes(argv: readonly string[]): readonly string[] {
  const dashes = argv.indexOf('--');
  return dashes < 0 ? argv : argv.slice(0, dashes);
}

async function reportUnknown(argv: readonly string[]): Promise<void> {
  const json = beforeDashes(argv).includes('--json');
  const output = new Output(json);
  const word = argv[0] ?? '';
  const typed = Object.keys(COMMANDS).map((id) => id.replaceAll(':', ' '));
  const close =
    nearest(argv.slice(0, 2).join(' '), typed) ?? nearest(word, typed) ?? nearest(word, Object.keys(TOPICS));
  const what = word.startsWith('-')
    ? `there is no flag ${word} before a command`
    : `there is no command "${word}"`;
  const error = usageError(what, [
    ...(close === null ? [] : [{ text: 'Did you mean this?', commands: [`llamactl ${close}`] }]),
    { text: 'See all commands:', commands: ['llamactl --help'] },
  ]);
  process.exitCode = error.exit;
  if (json) {
    output.json({ error: error.toJSON() });
    return;
  }
  const { renderError, terminalWidth } = await import('../render/error.js');
  output.note(renderError(error, { width: terminalWidth(process.stderr), version: '' }));
}
