import { string } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { askSecret } from '../../cli/ask.js';
import { BaseCommand } from '../../cli/base-command.js';
import { connectionFlags } from '../../cli/connection-flags.js';
import { isTerminal, readPrompt } from '../../cli/stdin.js';
import { deleteKey, type SetKeyDocument, setKey } from '../../services/config-set-key.js';

export default class ConfigSetKey extends BaseCommand {
  static override summary = "Put an API key into the system's keyring.";
  static override description =
    'The key is asked for without being shown, or read from stdin; it is never an argument. A target takes it by "apiKeyKeyring": "NAME". Exit code 2 where this system has no keyring: use apiKeyFile or apiKeyCommand there.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> gpu1',
    'pass show llama/gpu1 | <%= config.bin %> <%= command.id %> gpu1',
    '<%= config.bin %> <%= command.id %> gpu1 --delete',
  ];
  static override args = { name: string({ description: 'what apiKeyKeyring calls it', required: true }) };
  static override flags = {
    delete: boolean({ description: 'take it out of the keyring' }),
    config: connectionFlags.config,
  };

  protected override async init(): Promise<void> {
    await super.init();
    // What stands behind the name is a key that somebody has typed all the same.
    this.output.addSecrets(...this.argv.filter((word) => !word.startsWith('-')).slice(1));
  }

  async run(): Promise<SetKeyDocument> {
    const { args, flags } = await this.parse(ConfigSetKey);
    const { name } = args;
    const { signal } = this;
    const options = { name, cwd: process.cwd(), env: process.env, config: flags.config, signal };
    const document = flags.delete
      ? await deleteKey(options)
      : await setKey(await this.readKey(name), options);
    if (!this.jsonEnabled()) {
      const { renderSetKey } = await import('../../render/config-set-key.js');
      this.output.print(renderSetKey(document, this.width));
    }
    return document;
  }

  private async readKey(name: string): Promise<string> {
    const given = isTerminal()
      ? await askSecret(`API key for ${name} (it is not shown): `, this.signal)
      : await readPrompt(undefined, {
          what: 'the key',
          how: 'on stdin, or type it where it is asked for',
          examples: [`pass show llama/${name} | llamactl config set-key ${name}`],
        });
    const key = given.trim();
    this.output.addSecrets(key);
    return key;
  }
}
