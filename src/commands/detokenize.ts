import { string as stringArg } from '@oclif/core/args';
import { BaseCommand } from '../cli/base-command.js';
import { connectLlamaCpp } from '../cli/connect.js';
import { connectionFlags } from '../cli/connection-flags.js';
import { readPrompt } from '../cli/stdin.js';
import { usageError } from '../errors/llamactl-error.js';

export default class Detokenize extends BaseCommand {
  static override summary = 'Show the text that tokens stand for.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 316 336 333',
    '<%= config.bin %> <%= command.id %> 1 316 --json | jq -r .text',
    "<%= config.bin %> tokenize Hello --json | jq '.tokens[].id' | <%= config.bin %> <%= command.id %>",
  ];
  static override strict = false;
  static override args = { id: stringArg({ description: 'token ids; read from stdin where left out' }) };
  static override flags = connectionFlags;
  protected override readonly documentIsData = true;

  async run(): Promise<{ text: string }> {
    const { flags, raw } = await this.parse(Detokenize);
    // Not `argv`: oclif sorts equal words together there.
    const given = raw.flatMap((token) => (token.type === 'arg' ? [String(token.input)] : []));
    const asks = { what: 'token ids', examples: ['llamactl detokenize 316 336 333'] };
    const ids = (given.length > 0 ? given : (await readPrompt(undefined, asks)).trim().split(/[\s,]+/)).map(
      tokenId,
    );
    const { client, target } = await connectLlamaCpp(flags, this.connectContext, this.typedId);
    const options = { signal: this.signal, ...(target.model === undefined ? {} : { model: target.model }) };
    const text = await client.detokenize(ids, options).finally(() => client.destroy());
    this.output.write(`${text}\n`);
    return { text };
  }
}

function tokenId(word: string): number {
  if (!/^\d{1,10}$/.test(word))
    throw usageError(`${JSON.stringify(word)} is no token id: they are whole numbers from 0`);
  return Number(word);
}
