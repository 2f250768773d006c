import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'request.template-error',
  type: 'INVALID_REQUEST',
  title: 'the chat template refuses these messages',
  explanation:
    "The model's template turns messages into its own format, and many accept only certain orders: some want user and assistant to alternate, some know no system role or no tools. The error comes from the template inside the model file, not from llama-server; some templates also use what this build cannot evaluate.",
  causes: [
    'two messages of the same role in a row, or a conversation that does not begin with the user',
    'a system message, tool result or image where the template knows none',
    'a template with syntax that this build does not support',
  ],
  remedies: [
    {
      text: 'See what the template makes of the messages',
      commands: [
        'llamactl template --url {url} messages.json',
        'curl {url}/apply-template -H "Content-Type: application/json" -d @body.json',
      ],
    },
    {
      text: 'Merge neighbouring messages of one role, and move the system text into the first user message',
      commands: ['llamactl props --url {url}'],
    },
    {
      text: 'Use another template',
      commands: [
        'llama-server -m {model} --jinja --chat-template-file TEMPLATE.jinja --port {port}',
        'llama-server -m {model} --chat-template chatml --port {port}',
      ],
    },
  ],
  diagnostics: {
    any: ['curl -s {url}/props'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#post-apply-template-apply-chat-template-to-a-conversation',
  rules: [
    {
      pattern:
        /Jinja Exception|raise_exception|roles must alternate|jinja2?\.exceptions|TemplateError|TemplateSyntaxError|UndefinedError|minja|Only user(?:, | and )assistant .{0,40}roles? (?:are|is) supported|(?:System|Tool) role not supported|No user query found|Unable to generate parser for this template|error rendering (?:prompt|template)|after the optional system message/i,
      excludes: [/JSON schema|schema conversion/i],
      rank: 84,
    },
    {
      pattern:
        /chat.?template.{0,80}(?:error|fail|not supported|invalid|unsupported|exception|cannot)|(?:failed|unable|error) .{0,40}(?:apply|parse|render|process|parsing|rendering|applying).{0,30}template|template.{0,40}(?:is not supported|parsing error|rendering failed)|(?:at line|row) \d+, column \d+.{0,40}(?:template|source)|While executing \w+ at line/i,
      excludes: [/failed to parse tool call|chat_template_caps|example_format/i],
      rank: 76,
    },
    // As llama.cpp's own Jinja names a place; parsers of JSON and YAML say line.
    { pattern: /\bat row \d+, column \d+:/i, rank: 78 },
    {
      pattern:
        /Unknown (?:filter|method|statement|function|test|argument).{0,60}|Expected (?:closing|identifier|end).{0,60}tag|conversation roles? must/i,
      requires: [/template|jinja|line \d+/i],
      rank: 62,
    },
  ],
};
