import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'request.invalid-parameter',
  type: 'INVALID_REQUEST',
  title: 'a field of the request is missing or has a wrong value',
  explanation:
    'The request is valid JSON, but a field is missing, has the wrong type or a value out of range. Builds differ: old ones ignore what newer ones refuse, and a missing role or a token out of range comes back as 500.',
  causes: [
    '`messages` or `prompt` is missing, or a message lacks its role or content',
    'a number sent as text, or out of its range',
    'tool definitions that do not follow the schema',
    'no model named to a router',
    'a field that only OpenAI or another server knows',
  ],
  remedies: [
    {
      text: 'Compare with the smallest request that works',
      commands: [
        'curl {url}/v1/chat/completions -H "Content-Type: application/json" -d \'{"messages":[{"role":"user","content":"hi"}]}\'',
      ],
    },
    {
      text: 'Name a model where the server is a router',
      commands: ['llamactl models --url {url}', 'llamactl chat "hi" --url {url} --model NAME'],
    },
    { text: 'Look the field up', commands: ['llamactl chat --help'] },
  ],
  diagnostics: {
    any: ['llamactl chat "hi" --url {url} --verbose'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#post-v1chatcompletions-openai-compatible-chat-completions-api',
  rules: [
    {
      pattern:
        /model name is missing|'messages' is required|Expected '\w+' to be|must contain (?:either )?'content'|Failed to parse (?:messages|tools)|Unsupported param|Missing '?(?:role|type|content|messages)|missing (?:required )?(?:field|parameter|key|property)|cannot unmarshal .{1,40} into Go struct field (?!\w*Response)|failed reading parameters from request|Invalid input batch|"?(?:prompt|input|content|query|documents)\\?"? must (?:be|not)|input_(?:prefix|suffix)\\?" is required|field required|[\x22'`]\w[\w.[\]]{0,40}\\?[\x22'`] (?:(?:field|parameter|property|key) )?(?:is |was )?(?:required|missing)\b|[\x22'`]\w[\w.[\]]{1,40}[\x22'`] (?:must|should) (?:be|not|have|contain|match)\b|\b(?:must|should) be (?:one of\b|'\w|an? (?:object|array|string|number|boolean|integer)\b)|Cannot determine type of|Missing tool|Missing function|Invalid tool_choice|Invalid 'content' type|Expected 'content' or|missing (?:request body|or invalid|completion id)|unknown control action|Unsupported tool call type|does not support 'previous_response_id'|Only 'json' response_format|must be data URLs|array must (?:only )?contain|'\w{2,30}' array|item\['content'\]|model is required|Invalid slot ID|Invalid action|Invalid filename/i,
      excludes: [/tensor|model file|layers\./i],
      rank: 66,
    },
    {
      pattern:
        /json\.exception\.(?:type_error|out_of_range|other_error)|_M_range_check|vector::|type must be \w+, but is|must be finite|Prompt contains invalid tokens|out of range(?: of| for|:)|n_probs.{0,40}(?:must|cannot|invalid|should|not )|is not one of \[|Wrong type supplied for parameter|invalid_type|unrecognized_keys|literal_error|extra_forbidden|type=(?:missing|value_error|int_parsing)|ValidationError\b|UnprocessableEntity|422 Unprocessable/i,
      excludes: [/json_invalid|type_error\.316|server_args|could not load/i],
      rank: 58,
    },
    {
      pattern:
        /only one of .{1,60}(?:allowed|may be)|Cannot use both|Cannot specify (?:both|grammar)|Cannot use custom grammar constraints|Cannot have 2 or more assistant messages|Cannot (?:set both|continue an assistant)|response_format type must be|tool_choice .{1,60}(?:invalid|not supported)|unknown (?:parameter|field)|invalid (?:parameter|value for|type for|value of)|unrecognized (?:request argument|field|key)|Unsupported (?:parameter|value)|(?:temperature|top_p|max_tokens|n_predict) .{0,30}(?:must|should|invalid|out of)/i,
      excludes: [/invalid parameter for argument|error while handling|error: /i],
      rank: 56,
    },
    {
      pattern:
        /invalid_request_error|BadRequestError|Error code: 400|HTTP 400|HTTP400|HTTP 422|HTTP422|400 Bad Request|status(?:[ _]?code)?[ =:]{1,3}400|\b4(?:00|22), message=|\[400\]|\(400\)|(?:error|returned|responded|failed|answered)[^\d\n]{0,20}\b4(?:00|22)\b/i,
      excludes: [
        /Incorrect API key|invalid_api_key|model .{0,80}not found|context|gramm?ar|exceed|template|jinja/i,
      ],
      rank: 28,
    },
  ],
};
