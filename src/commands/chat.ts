import { string as stringArg } from '@oclif/core/args';
import { boolean, integer, string } from '@oclif/core/flags';
import { BaseCommand } from '../cli/base-command.js';
import { type ChatDocument, chatTurns } from '../cli/chat-turn.js';
import { connectionFlags } from '../cli/connection-flags.js';
import { samplingFlags, samplingOf } from '../cli/sampling-flags.js';
import { isTerminal, readPrompt } from '../cli/stdin.js';
import type { Message, ToolChoice } from '../client/types.js';
import { loadJsonSchema, loadTools } from '../services/chat.js';

export default class Chat extends BaseCommand {
  static override summary = 'Ask a model, once or in a conversation.';
  static override description =
    'The prompt is the argument, stdin, or both. Without either, on a terminal, a conversation begins: /clear forgets it, /exit or Ctrl-D leaves, Ctrl-C stops an answer. What came of an answer that was cut is printed before the error (exit 17). Where the target cannot answer, the next one of `fallback` in the configuration does, and one line says which and why.';
  static override examples = [
    "<%= config.bin %> <%= command.id %> 'Why is the sky blue?' --stats",
    "git diff | <%= config.bin %> <%= command.id %> 'Write a commit message for this'",
    "<%= config.bin %> <%= command.id %> 'Name three rivers' --json-schema rivers.schema.json --json | jq -r .content",
    "<%= config.bin %> <%= command.id %> 'Weather in Oslo?' --tools tools.json --tool-choice required",
    "<%= config.bin %> <%= command.id %> 'Hello' --provider gpu --allow-remote",
    '<%= config.bin %> <%= command.id %>',
  ];
  protected override readonly documentIsData = true;
  static override args = { prompt: stringArg({ description: 'what to ask; read from stdin too' }) };
  static override flags = {
    ...connectionFlags,
    ...samplingFlags,
    system: string({ char: 's', description: 'system message', helpValue: 'TEXT' }),
    'no-stream': boolean({ description: 'print the answer when it is whole' }),
    'json-schema': string({ description: 'the answer must satisfy this JSON Schema', helpValue: 'FILE' }),
    tools: string({ description: 'tools that the model may call, as JSON', helpValue: 'FILE' }),
    'tool-choice': string({
      description: 'auto, none, required, or the name of a tool',
      helpValue: 'CHOICE',
      dependsOn: ['tools'],
    }),
    'allow-remote': boolean({
      description:
        'let every target of the configuration answer, remote ones too, where the requested one cannot',
    }),
    'max-tokens': integer({ description: 'tokens of the answer at most', helpValue: 'N', min: 1 }),
    stats: boolean({ description: 'print tokens, times and rates after the answer (on stderr)' }),
  };

  async run(): Promise<ChatDocument | undefined> {
    const { args, flags } = await this.parse(Chat);
    const tools = flags.tools === undefined ? [] : loadTools(flags.tools);
    const jsonSchema =
      flags['json-schema'] === undefined ? {} : { jsonSchema: loadJsonSchema(flags['json-schema']) };
    const toolChoice = toolChoiceOf(flags['tool-choice']);
    const converses = args.prompt === undefined && isTerminal() && !this.jsonEnabled();
    const prompt = converses ? '' : await readPrompt(args.prompt, PROMPT);
    const chat = {
      ...samplingOf(flags),
      ...jsonSchema,
      ...(toolChoice === undefined ? {} : { toolChoice }),
      ...(flags['max-tokens'] === undefined ? {} : { maxTokens: flags['max-tokens'] }),
    };
    const system: Message[] = flags.system === undefined ? [] : [{ role: 'system', content: flags.system }];
    const { requested, chain, turn } = await chatTurns({
      flags,
      context: this.connectContext,
      interactive: this.interactive,
      tools,
      chat,
    });
    try {
      if (!converses) return await turn([...system, { role: 'user', content: prompt }], this.signal);
      const { converse } = await import('../cli/conversation.js');
      await converse({
        system,
        turn,
        output: this.output,
        url: requested.client.baseUrl,
        signal: this.signal,
        fail: (error) => this.explain(error),
      });
      return undefined;
    } finally {
      await chain.close();
    }
  }
}

const PROMPT = {
  what: 'a prompt',
  examples: ["llamactl chat 'Hello'", "echo 'Hello' | llamactl chat"],
};

function toolChoiceOf(choice: string | undefined): ToolChoice | undefined {
  if (choice === undefined || choice === 'auto' || choice === 'none' || choice === 'required') return choice;
  return { type: 'function', function: { name: choice } };
}
