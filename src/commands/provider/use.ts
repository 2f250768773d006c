import { string as stringArg } from '@oclif/core/args';
import { ask, canAsk } from '../../cli/ask.js';
import { BaseCommand } from '../../cli/base-command.js';
import { connectionFlags } from '../../cli/connection-flags.js';
import { usageError } from '../../errors/llamactl-error.js';
import { type UseDocument, useProvider } from '../../services/provider-use.js';

export default class ProviderUse extends BaseCommand {
  static override summary = 'Choose the server that is meant where none is named.';
  static override description =
    'Writes `default` into the configuration file that is used and changes nothing else in it; the old file is kept beside it. Without a name, on a terminal, the targets are listed to choose from.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> gpu1',
    '<%= config.bin %> <%= command.id %>',
  ];
  static override args = { name: stringArg({ description: 'name of the target' }) };
  static override flags = { config: connectionFlags.config };

  async run(): Promise<UseDocument> {
    const { args, flags } = await this.parse(ProviderUse);
    const document = await useProvider(
      { cwd: process.cwd(), env: process.env, flags },
      async (names) => args.name ?? this.pick(names),
    );
    const kept = document.backup === null ? '' : `; the old file is ${document.backup}`;
    this.output.print(
      `✓ ${document.default} is ${document.changed ? 'now' : 'already'} the default of ${document.file}${kept}`,
    );
    return document;
  }

  /** Asks for one of the names, by number or as it is. */
  private async pick(names: readonly string[]): Promise<string> {
    if (!canAsk() || this.jsonEnabled())
      throw usageError('which target? There is nobody to ask', [
        { text: 'Name one:', commands: names.slice(0, 3).map((name) => `llamactl provider use ${name}`) },
      ]);
    for (const [index, name] of names.entries()) this.output.note(`  ${index + 1}  ${name}`);
    const answer = (await ask('Which one? ', this.signal)).trim();
    return names[Number(answer) - 1] ?? answer;
  }
}
