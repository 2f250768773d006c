import { string as stringArg } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../cli/base-command.js';
import { connectLlamaCpp } from '../cli/connect.js';
import { connectionFlags } from '../cli/connection-flags.js';
import { readPrompt } from '../cli/stdin.js';
import type { Token } from '../client/endpoints/tokens.js';

export default class Tokenize extends BaseCommand {
  static override summary = 'Show the tokens that a text becomes, and count them.';
  static override examples = [
    "<%= config.bin %> <%= command.id %> 'How many tokens is this?'",
    '<%= config.bin %> <%= command.id %> --json < prompt.txt | jq .count',
  ];
  static override args = {
    text: stringArg({ description: 'the text; read from stdin where it is left out' }),
  };
  protected override readonly documentIsData = true;
  static override flags = {
    ...connectionFlags,
    special: boolean({ description: 'add the beginning-of-sequence token and its like' }),
    'no-parse-special': boolean({ description: 'read <|im_start|> and its like as plain text' }),
  };

  async run(): Promise<{ tokens: Token[]; count: number }> {
    const { args, flags } = await this.parse(Tokenize);
    const examples = ["llamactl tokenize 'Hello'", 'llamactl tokenize < prompt.txt'];
    const content = await readPrompt(args.text, { what: 'a text', examples });
    const { client, target } = await connectLlamaCpp(flags, this.connectContext, this.typedId);
    const params = {
      content,
      addSpecial: flags.special,
      parseSpecial: !flags['no-parse-special'],
      ...(target.model === undefined ? {} : { model: target.model }),
    };
    const tokens = await client.tokenize(params, { signal: this.signal }).finally(() => client.destroy());
    if (!this.jsonEnabled()) {
      const { renderTokens } = await import('../render/tokens.js');
      this.output.print(renderTokens(tokens));
    }
    return { tokens, count: tokens.length };
  }
}
