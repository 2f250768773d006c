import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'server.loading',
  type: 'SERVER_OVERLOADED',
  title: 'the server is still loading its model',
  explanation:
    'The port is open, but the model is not in memory yet: every route answers 503 "Loading model", even before the key is checked, and there is no Retry-After. Large models take minutes, longer from a network disk. It ends by itself.',
  causes: [
    'the server was started a moment ago',
    'a router loads the model that was just asked for, or a sleeping server wakes',
    'the model comes from a slow disk',
    'a program that starts the server for you (llama-swap, a desktop application) waits too short a time',
  ],
  remedies: [
    { text: 'Wait until it is ready', commands: ['llamactl health --url {url} --wait 10m'] },
    {
      text: 'Let your client try again on 503, with a pause; see how far it is in the log',
      commands: ['journalctl -fu llama-server'],
    },
    {
      text: 'In llama-swap, let it wait longer (at the top of config.yaml)',
      commands: ['healthCheckTimeout: 600'],
    },
    {
      text: 'Keep the model on a local disk',
      commands: ['dd if={model} of=/dev/null bs=16M status=progress'],
    },
  ],
  diagnostics: {
    any: ['curl -si {url}/health'],
    linux: ['iostat -x 2'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#get-health-returns-health-check-result',
  rules: [
    {
      pattern:
        /Loading model.{0,80}unavailable_error|unavailable_error.{0,80}Loading model|\\?["']message\\?["']: ?\\?["']Loading model|model is (?:still )?(?:being )?load(?:ing|ed) (?:into|in progress)|model is (?:still |currently )loading|\\?["']status\\?["']: ?\\?["']loading(?: model)?\\?["']|llm server loading model|Stream owner model is loading/i,
      // A router's log tells each change of a model's status.
      excludes: [/notify_sse/],
      rank: 72,
    },
    {
      pattern:
        /503.{0,100}Loading model|Loading model.{0,100}503|waiting for (?:the )?(?:model|server) to (?:load|become|be) |server (?:is )?(?:still )?(?:starting up|loading)|model (?:still )?warming up|llama runner .{0,20}to start responding/i,
      excludesAnywhere: [
        /model loaded|server is listening on|all slots are idle|terminated|waiting for server to become available.{0,40}not responding/i,
      ],
      rank: 46,
    },
    {
      pattern:
        /timed out waiting for (?:the )?(?:llama\S{0,12}(?: runner)?|model|server|runner) to (?:start|load|become|be )|finish (?:GPU )?discovery before timeout/i,
      rank: 58,
    },
    {
      pattern:
        /unable to start process: health check (?:failed|timed out)|health ?check failed after \d+ ?s|health ?check error.{0,80}\b503\b/i,
      rank: 64,
    },
    {
      pattern: /(?:GET|HEAD) \/(?:v1\/)?health \S{0,60}[ :]{0,2} 503\b/i,
      excludesAnywhere: [
        /model loaded|all slots are idle|(?:GET|HEAD) \/(?:v1\/)?health \S{0,60}[ :]{0,2} 200\b/i,
        /failed to load|error loading model/i,
      ],
      rank: 40,
    },
    {
      pattern:
        /(?:did not|didn.?t|never|failed to|fails to) (?:become|get|be) ready|not ready (?:yet|within|after|before)|start(?:-?up)? (?:has )?timed out|(?:waiting|waited) .{0,60}(?:to become|to be|until) ready/i,
      excludes: [/probe/i],
      excludesAnywhere: [/server is listening on|all slots are idle|failed to load|error loading model/i],
      rank: 30,
    },
  ],
};
