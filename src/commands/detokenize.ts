import { integer } from '@oclif/core/args';
import { BaseCommand } from '../cli/base-command.js';
import { connect } from '../cli/connect.js';
import { connectionFlags } from '../cli/connection-flags.js';
import { usageError } from '../errors/llamactl-error.js';

export default class Detokenize extends BaseCommand {
  static override summary = 'Show the text that tokens stand for.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 316 336 333',
    '<%= config.bin %> <%= command.id %> 1 316 --json | jq -r .text',
  ];
  static override strict = false;
  static override args = { id: integer({ description: 'token ids', required: true }) };
  static override flags = connectionFlags;

  async run(): Promise<{ text: string }> {
    const { flags, raw } = await this.parse(Detokenize);
    // Not `argv`: oclif sorts equal words together there.
    const words = raw.flatMap((token) => (token.type === 'arg' ? [token.input] : []));
    const ids = words.map((word) => {
      const id = Number(word);
      if (!Number.isInteger(id) || id < 0)
        throw usageError(`"${String(word)}" is no token id: they are whole numbers from 0`);
      return id;
    });
    const { client } = await connect(flags, this.connectContext);
    const text = await client.detokenize(ids, { signal: this.signal }).finally(() => client.destroy());
    this.output.print(text);
    return { text };
  }
}
