import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'request.tool-call-parse',
  type: 'INVALID_REQUEST',
  title: 'a tool call of the model could not be read',
  explanation:
    'The model wrote a tool call that is not in the format expected of it, or arguments that are not JSON, mostly because the answer was cut at its token limit or the model is small. In a conversation that holds such a call, each further request fails at the same place.',
  causes: [
    'the answer ended at max_tokens in the middle of the call',
    'the model is too small, too strongly quantized, or its template does not suit tools',
    'the history holds an earlier call whose arguments are no valid JSON',
    'the build is older than the tool format of the model',
  ],
  remedies: [
    {
      text: 'Give the answer more room, and lower the temperature',
      commands: ['llamactl chat "hi" --url {url} --tools tools.json --max-tokens 4096 --temperature 0.2'],
    },
    {
      text: 'Take the broken call out of the history, or repair its arguments',
      commands: ["jq '.messages[].tool_calls[]?.function.arguments | fromjson' body.json"],
    },
    {
      text: 'Use a newer build, and the template made for tools',
      commands: ['llama-server -m {model} --jinja --chat-template-file TEMPLATE.jinja --port {port}'],
    },
  ],
  diagnostics: {
    any: ['curl -s {url}/props', 'llamactl chat "hi" --url {url} --tools tools.json --verbose'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/docs/function-calling.md',
  rules: [
    {
      pattern:
        /(?:failed to|error|could not|unable to|cannot) (?:parse|parsing|decode) (?:the )?(?:tool.?call|tool arguments|function (?:call|arguments)|arguments|tool_calls)|tool call (?:parsing|arguments?|parse) .{0,40}(?:fail|error|invalid)|tool call arguments as JSON|invalid (?:tool call|function arguments|tool arguments|JSON in tool)|(?:tool|function)[ _]call.{0,60}(?:not valid JSON|invalid JSON|malformed|unparsable)|Invalid diff: |(?:error|fail\w*) (?:while |when |in )?(?:parsing|decoding|reading) (?:the )?(?:tool|function)[ _]calls?|does not contain any JSON|failed to parse (?:tool|model output|llama)|Failed to parse input at pos|The model produced output that does not match|AI_InvalidToolArgumentsError|InvalidToolInput|invalid (?:input|args|arguments) for tool|validating args .{0,200}for tool|malformed (?:tool|function)[ _]call|cannot unmarshal \w+ into Go struct field [\w.]*tool_calls/i,
      excludes: [/error parsing arguments: |command.line/i],
      rank: 82,
    },
    {
      pattern:
        /(?:raw|unexpected) (?:tool call|tool_call)|tool call.{0,60}(?:missing|incomplete|truncated)|<tool_call>.{0,200}(?:error|invalid|unexpected)|Unexpected (?:content|end) .{0,40}tool call|unknown tool call format|Tool call id .{0,60}(?:not found|missing|must)/i,
      rank: 62,
    },
    {
      pattern:
        /(?:fail\w*|error|invalid|malformed|unable|could not|cannot)\b.{0,40}\btool[ _-]?calls?\b|\btool[ _-]?calls?\b.{0,40}(?:failed|error|invalid|malformed|unparsable|not valid)/i,
      // A template's source, which an error of the template quotes, speaks of tool calls too.
      excludes: [/support|--jinja|template|at row \d+, column|\{%/i],
      rank: 40,
    },
  ],
};
