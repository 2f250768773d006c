import { boolean, option, string } from '@oclif/core/flags';
import { asker, canAsk } from '../../cli/ask.js';
import { BaseCommand } from '../../cli/base-command.js';
import { usageError } from '../../errors/llamactl-error.js';
import { discover } from '../../services/config-discover.js';
import {
  type InitDocument,
  initFile,
  initText,
  interview,
  targetsFrom,
  usualUrlOf,
} from '../../services/config-init.js';
import { writeConfig } from '../../services/config-write.js';

export default class ConfigInit extends BaseCommand {
  static override summary = 'Write a configuration file, with comments.';
  static override description =
    'Looks for servers on this machine, asks what it cannot know, and writes llamactl.config.yaml here. With --url, or --yes to take what is found, nobody is asked. A file that is there is not touched without --force, and kept as a backup then. No key is ever written: only where it is kept.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --yes',
    '<%= config.bin %> <%= command.id %> --url http://gpu1:8080 --name gpu1 --key-env GPU1_KEY',
    '<%= config.bin %> <%= command.id %> --user --url http://gpu1:8080 --key-command "pass show llama/gpu1"',
  ];
  static override flags = {
    url: string({ description: 'address of the server', helpValue: 'URL' }),
    name: string({ description: 'name of the target', helpValue: 'NAME' }),
    provider: option({
      options: ['llama-cpp', 'ollama', 'openrouter', 'openai-compatible'] as const,
      description: 'the program that answers there',
    })(),
    model: string({
      char: 'm',
      description: 'model to offer; several may be given',
      helpValue: 'NAME',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'key-env': string({
      description: 'variable that holds the API key',
      helpValue: 'NAME',
      exclusive: ['key-file', 'key-command'],
    }),
    'key-file': string({
      description: 'file that holds the API key',
      helpValue: 'FILE',
      exclusive: ['key-command'],
    }),
    'key-command': string({ description: 'command that prints the API key', helpValue: 'COMMAND' }),
    format: option({
      options: ['yaml', 'json'] as const,
      description: 'format of the file (default yaml)',
    })(),
    output: string({ char: 'o', description: 'the file to write', helpValue: 'FILE', exclusive: ['user'] }),
    user: boolean({ description: "write into the user's configuration folder" }),
    force: boolean({ description: 'overwrite a file that is there' }),
    yes: boolean({ char: 'y', description: 'ask nothing' }),
  };

  async run(): Promise<InitDocument> {
    const parsed = await this.parse(ConfigInit);
    const flags = { ...parsed.flags, url: parsed.flags.url ?? usualUrlOf(parsed.flags.provider) };
    const file = initFile({ cwd: process.cwd(), env: process.env, ...flags });
    const asks = !flags.yes && flags.url === undefined;
    if (asks && !canAsk())
      throw usageError('there is nobody to ask: name the server, or take what is found', [
        {
          text: 'For example:',
          commands: ['llamactl config init --url http://localhost:8080', 'llamactl config init --yes'],
        },
      ]);
    const found = await discover(flags.url ?? null, this.signal);
    const targets = asks
      ? await interview(asker(this.signal), flags, found, (url) => discover(url, this.signal))
      : targetsFrom(flags, found);
    const content = await initText(targets, file.format);
    const backup = await writeConfig(file.path, file.label, content, 0o600);
    const document = {
      file: file.label,
      written: true,
      backup,
      targets: targets.map(({ name }) => name),
      content,
    };
    const [{ renderInit }, { targetWords }] = await Promise.all([
      import('../../render/config-init.js'),
      import('../../services/target-words.js'),
    ]);
    const [first] = targets;
    const words = first === undefined ? '' : targetWords(first);
    this.output.print(renderInit(document, targets, { shadowedBy: file.shadowedBy, words }, this.width));
    return document;
  }
}
