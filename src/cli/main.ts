import type { Interfaces } from '@oclif/core';
import { Config } from '@oclif/core/config';
import { usageError } from '../errors/llamactl-error.js';
import { nearest } from '../errors/nearest.js';
import { terminalWidth } from '../render/width.js';
import { COMMANDS, TOPICS } from './commands.js';
import { Output } from './output.js';
import { createPlugin, loadCommand } from './plugin.js';

const HELP_FLAGS: readonly string[] = ['--help', '-h'];
const VERSION_FLAGS: readonly string[] = ['--version', '-V', '-v'];

/**
 * The program: finds the command in the arguments and runs it. Sets the process's exit code; throws only what is a bug.
 * @param argv what stands after `llamactl`
 * @param root the package's folder
 */
export async function main(argv: readonly string[], root: string, pjson: Interfaces.PJSON): Promise<void> {
  const asksHelp = argv[0] === 'help' || beforeDashes(argv).some((word) => HELP_FLAGS.includes(word));
  const words = argv[0] === 'help' ? argv.slice(1) : argv;
  const { id, rest } = findCommand(words);
  if (id !== null && !asksHelp) {
    const command = await loadCommand(id);
    await command.run([...rest], await loadConfig(root, pjson));
    return;
  }
  const [first] = words;
  if (first !== undefined && VERSION_FLAGS.includes(first)) {
    new Output(false).print((await loadConfig(root, pjson)).userAgent);
    return;
  }
  const topic = findTopic(words);
  const isProgram = first === undefined || (asksHelp && first.startsWith('-'));
  if (id !== null || topic !== null || isProgram) {
    await printHelp(id, topic, pjson.version);
    return;
  }
  await reportUnknown(words);
}

/** The longest run of leading words that names a command. */
export function findCommand(argv: readonly string[]): {
  readonly id: string | null;
  readonly rest: readonly string[];
} {
  for (let length = Math.min(argv.length, 3); length > 0; length--) {
    const id = argv.slice(0, length).join(':');
    if (Object.hasOwn(COMMANDS, id)) return { id, rest: argv.slice(length) };
  }
  return { id: null, rest: argv };
}

/** The topic that the words before the first flag name; null where they name none. */
function findTopic(argv: readonly string[]): string | null {
  const flagAt = argv.findIndex((word) => word.startsWith('-'));
  const id = argv.slice(0, flagAt < 0 ? argv.length : flagAt).join(':');
  return Object.hasOwn(TOPICS, id) ? id : null;
}

async function printHelp(id: string | null, topic: string | null, version: string): Promise<void> {
  if (process.env['NO_COLOR']) process.env['FORCE_COLOR'] = '0';
  const [{ commandHelp, commandList }, { renderCommandHelp, renderCommandList }] = await Promise.all([
    import('./help.js'),
    import('../render/help.js'),
  ]);
  const width = terminalWidth(process.stdout);
  new Output(false).print(
    id === null
      ? renderCommandList(await commandList(version, topic ?? undefined), width)
      : renderCommandHelp(await commandHelp(id), width),
  );
}

function loadConfig(root: string, pjson: Interfaces.PJSON): Promise<Interfaces.Config> {
  const plugin = createPlugin(root, pjson);
  return Config.load({
    root,
    pjson,
    plugins: new Map([[plugin.name, plugin]]),
    devPlugins: false,
    userPlugins: false,
  });
}

function beforeDashes(argv: readonly string[]): readonly string[] {
  const dashes = argv.indexOf('--');
  return dashes < 0 ? argv : argv.slice(0, dashes);
}

async function reportUnknown(argv: readonly string[]): Promise<void> {
  const json = beforeDashes(argv).includes('--json');
  const output = new Output(json);
  const [word = ''] = argv;
  const error = usageError(
    word.startsWith('-')
      ? `there is no flag ${flagName(word)} before a command`
      : `there is no command "${word}"`,
    [...suggestions(argv), { text: 'See all commands:', commands: ['llamactl --help'] }],
  );
  process.exitCode = error.exit;
  if (json) {
    output.json({ error: error.toJSON() });
    return;
  }
  if (process.env['NO_COLOR']) process.env['FORCE_COLOR'] = '0';
  const { renderError } = await import('../render/error.js');
  output.note(renderError(error, { width: terminalWidth(process.stderr), version: '' }));
}

function suggestions(argv: readonly string[]) {
  const [word = ''] = argv;
  const typed = Object.keys(COMMANDS).map((id) => id.replaceAll(':', ' '));
  if (word.startsWith('-')) {
    const command = argv.find((each) => Object.hasOwn(COMMANDS, each));
    return command === undefined
      ? []
      : [{ text: 'Flags stand after the command:', commands: [`llamactl ${command} ${flagName(word)} …`] }];
  }
  const close =
    nearest(argv.slice(0, 2).join(' '), typed) ?? nearest(word, typed) ?? nearest(word, Object.keys(TOPICS));
  return close === null ? [] : [{ text: 'Did you mean this?', commands: [`llamactl ${close}`] }];
}

/** A flag without the value that may be a secret: `--api-key=…` → `--api-key`. */
function flagName(word: string): string {
  return word.split('=', 1)[0] ?? word;
}
