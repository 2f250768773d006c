import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'request.invalid-grammar',
  type: 'INVALID_REQUEST',
  title: 'the grammar or JSON schema of the request cannot be used',
  explanation:
    'Constrained answers are made with a grammar in GBNF, which llama-server also derives from JSON schemas and tool definitions. It was malformed, refers to a rule that is not there, is left-recursive, or the schema uses something that cannot be translated.',
  causes: [
    'a syntax error, or no `root` rule, in the grammar',
    'a schema with regular expressions (`\\d`, lookaheads, a pattern without ^ and $), references or formats that are not supported',
    'a tool whose parameters are no valid schema',
    'repetitions so large that the grammar grows without bounds',
  ],
  remedies: [
    {
      text: 'Translate the schema by hand, to see what it dislikes',
      commands: ['python examples/json_schema_to_grammar.py schema.json'],
    },
    { text: 'Try the grammar by itself', commands: ['llama-gbnf-validator grammar.gbnf sample.txt'] },
    {
      text: 'Leave out `pattern`, `format`, remote `$ref` and large `maxItems`, then put them back one by one',
      commands: ['llamactl chat "hi" --url {url} --json-schema schema.json'],
    },
  ],
  diagnostics: {
    any: ['llamactl chat "hi" --url {url} --json-schema schema.json --verbose'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/grammars/README.md#troubleshooting',
  rules: [
    {
      pattern:
        /(?:failed to|error|unable to|could not|cannot) (?:parse|parsing|initializ\w+|compile|build) (?:the )?(?:gramm?ar|GBNF|samplers?: failed to parse)|error initializing grammar|invalid grammar|grammar .{0,60}(?:invalid|error|does not contain)|failed to parse grammar|parse: error parsing grammar|Failed to initialize samplers|undefined rule|\bllg (?:tokenizer )?error|rules that are going to be repeated|left recursion/i,
      rank: 84,
    },
    {
      pattern:
        /JSON schema (?:conversion|error)|Unrecognized schema|Error resolving ref|unsupported ref|json_schema.{0,60}(?:failed|invalid|error|unsupported)|schema conversion failed|Pattern must start with|number of repetitions exceeds|Unexpected empty grammar stack|parse: error at|expecting .{1,30} at |Invalid (?:json_schema|schema for function|response_format)/i,
      excludes: [/Cannot use both/],
      rank: 78,
    },
    {
      pattern: /gramm?ar (?:is )?too (?:complex|large)|grammar sampler/i,
      excludes: [/constructor/i],
      rank: 60,
    },
    {
      pattern:
        /\b(?:gramm?ar|json.?schema|response.?format)\b.{0,60}(?:error|invalid|failed|unsupported|not supported)|(?:error|invalid|fail\w*|unsupported)\b.{0,60}\b(?:gramm?ar|json.?schema)\b/i,
      excludes: [/tool call|template/i],
      rank: 40,
    },
  ],
};
