import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'server.busy',
  type: 'SERVER_OVERLOADED',
  title: 'all slots are taken',
  explanation:
    'llama-server works on as many requests at once as it has slots (-np), and lets further ones wait. A health check stays good meanwhile. Proxies and other servers refuse instead, with 429 or 503, when their queue is full.',
  causes: [
    'more requests at once than slots',
    'long generations hold their slots, perhaps for clients that are gone',
    'a rate limit of a proxy or service',
  ],
  remedies: [
    {
      text: 'See what the slots are doing and how many requests wait',
      commands: ['llamactl slots --url {url}', 'llamactl metrics --url {url}'],
    },
    {
      text: 'Reduce concurrent requests, or give the server more slots; the context is shared among them',
      commands: ['llama-server -m {model} --port {port} -np 8 -c {totalContext}'],
    },
    {
      text: 'Bound the length of answers',
      commands: ['llama-server -m {model} --port {port} --predict 2048'],
    },
    {
      text: 'Try again with growing pauses (llamactl does; see --retries)',
      commands: ['llamactl chat "hello" --url {url} --retries 5'],
    },
  ],
  diagnostics: {
    any: ['curl -si "{url}/slots?fail_on_no_slot=1"', 'curl -s {url}/metrics | grep requests_'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#get-slots-returns-the-current-slots-processing-state',
  rules: [
    {
      pattern:
        /no slots? (?:is |are )?available|no available slots?|slot (?:is )?unavailable|all slots are (?:busy|in use|processing|occupied)|no (?:free|idle) slots?|slots? (?:is|are) all busy/i,
      rank: 74,
    },
    {
      pattern:
        /server (?:is )?(?:busy|overloaded)|maximum (?:pending|concurrent) requests|queue (?:is )?full|too many (?:concurrent |pending |parallel )?requests|rate.?limit(?:ed| exceeded| reached|Error)|overloaded_error|model is overloaded|request (?:was )?rejected.{0,40}(?:queue|capacity|load)|at capacity|too busy|currently busy|(?:try|retry) again (?:later|shortly|in a (?:moment|while))|no deployments available/i,
      excludes: [/huggingface|docker|pull rate|hf\.co/i],
      rank: 70,
    },
    {
      pattern:
        /429 Too Many|HTTP 429|HTTP429|status(?:[ _]?code)?[ =:]{1,3}429|Error code: 429|\b429, message=|\[429\]|\(429\)/i,
      excludes: [/huggingface|hf\.co|docker/i],
      rank: 66,
    },
    {
      pattern:
        /\[GIN\].{0,60}\| 503 \||\b503\b.{0,30}Service Unavailable|Service Unavailable|status(?:[ _]?code)?[ =:]{1,3}503|Error code: 503|InternalServerError: .{0,20}503|\b503, message=|\[503\]|\(503\)|(?:error|returned|responded|answered)[^\d\n]{0,20}\b503\b/i,
      excludes: [/Loading model/i, /<center>|upstream|<h1>|probe failed/i],
      excludesAnywhere: [/Loading model/i, /<center>nginx/i],
      rank: 44,
    },
    {
      pattern: /(?:GET|POST) \/(?:v1|completion|chat|embedding)\S{0,100} \S{0,60}[ :]{0,2} 503\b/i,
      rank: 42,
    },
  ],
};
