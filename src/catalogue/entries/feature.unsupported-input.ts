import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'feature.unsupported-input',
  type: 'UNSUPPORTED_FEATURE',
  title: 'this model or build cannot take that kind of input',
  explanation:
    'Images and audio need a multimodal model and its projector (--mmproj); fill-in-the-middle and tool calls need a model, and a chat template, made for them. A model given by -hf brings its projector along, a local file does not.',
  causes: [
    'the model takes text only',
    'the projector was not given, or belongs to another model',
    'the template of the model has no tools, or the model no infill tokens',
    "the build is older than the model's kind of input",
  ],
  remedies: [
    {
      text: 'See what this server can take (`modalities`, `chat_template_caps`)',
      commands: ['llamactl props --url {url}'],
    },
    {
      text: 'Give the projector that belongs to the model',
      commands: ['llama-server -m {model} --mmproj mmproj-MODEL.gguf --port {port}'],
    },
    {
      text: 'Or let llama-server fetch a multimodal model with its projector',
      commands: ['llama-server -hf ggml-org/gemma-3-4b-it-GGUF --port {port}'],
    },
    {
      text: 'For tools, use a model or template made for them',
      commands: ['llama-server -m {model} --jinja --chat-template-file TEMPLATE.jinja --port {port}'],
    },
  ],
  diagnostics: {
    any: ['curl -s {url}/props', 'curl -s {url}/v1/models'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#multimodal-support',
  rules: [
    {
      pattern:
        /(?:image|audio|video|vision|multimodal|multi-modal)s?(?: input| requests?| data| content| capabilities)? (?:is|are) (?:not|un)\s?supported|(?:does not|doesn.?t|not) (?:support|handle|accept|process) (?:image|audio|video|vision|multimodal)|unsupported content\[\]\.type|unsupported content (?:part|block)|not compiled for multimodal|may need to provide the mmproj|not configured with a? ?mmproj|no CLIP model loaded|(?:vision|image|audio) add-?on is not|\\?\x22videos\\?\x22 is not supported|'input_file' is not supported|not supported by multimodal|image_url.{0,60}(?:not supported|unsupported)|unsupported (?:image|audio|content|media|input) (?:type|format|input)|cannot (?:read|process|handle) .{0,30}images?/i,
      excludes: [/will be disabled/i],
      rank: 78,
    },
    {
      pattern:
        /(?:image|audio|vision|multimodal) (?:input|data) (?:detected|provided|given).{0,80}(?:but|not)|without (?:an? )?mmproj|mmproj.{0,60}(?:missing|required|not (?:found|loaded|provided))|(?:missing|requires?|no|needs?) (?:an? |the )?mmproj|projector can.?t be loaded|failed to process (?:mtmd chunk|image)|failed to (?:decode|load) image|Failed to load image|number of (?:bitmaps|images) .{0,60}(?:does not match|mismatch)/i,
      rank: 74,
    },
    {
      pattern:
        /(?:does not|doesn.?t) support (?:chat\b|generate\b|tools|tool calls|tool calling|function calling|thinking|infill|fill-in-the-middle|insert)|Infill is not supported|tools? (?:is|are) not supported|tool calling is not supported|only .{0,20}type.{0,20}text.{0,40}supported|unsupported (?:tool|message) (?:type|role)|cannot use tools with stream/i,
      rank: 74,
    },
    {
      pattern:
        /\b(?:images?|audio|vision|video|multimodal|tools?|function calling|tool calls?)\b.{0,60}(?:not (?:currently )?supported|unsupported|isn.?t supported)|(?:does not|doesn.?t|cannot|can.?t|not|un)\s?support\w*.{0,40}\b(?:images?|audio|vision|video|multimodal|tools?|function calling)\b/i,
      excludes: [
        /will be disabled|skipped|container image|docker|image (?:format|tag)|toolchain|tool_choice/i,
      ],
      rank: 44,
    },
  ],
};
