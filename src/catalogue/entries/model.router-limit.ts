import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'model.router-limit',
  type: 'SERVER_OVERLOADED',
  title: 'the router has as many models loaded as it may',
  explanation:
    'llama-server in router mode keeps at most --models-max models (4 unless set), and unloads the one used least recently to make room. While all are busy or an unload is under way, a request for another model is refused, and an instance that does not stop in time is killed.',
  causes: [
    'more models are in use at once than --models-max allows',
    'the model to be unloaded still generates',
    'clients ask for models in turn, so that each request unloads another',
  ],
  remedies: [
    { text: 'Try again in a moment; llamactl waits by itself', commands: ['llamactl models --url {url}'] },
    { text: 'Unload what is not needed', commands: ['llamactl models unload NAME --url {url}'] },
    {
      text: 'Allow more, if the memory is there for it',
      commands: ['llama-server --models-dir /path/to/models --models-max 8 --port {port}'],
    },
  ],
  diagnostics: {
    any: ['curl -s {url}/models', 'llamactl models --url {url}'],
    linux: ['nvidia-smi', 'free -h'],
    darwin: ['vm_stat'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#using-multiple-models',
  rules: [
    {
      pattern:
        /model limit reached|models[_-]max (?:limit )?(?:reached|exceeded)|exceeds models[_-]max|max(?:imum)? (?:number of )?(?:loaded )?(?:models|instances) (?:limit )?(?:reached|exceeded)|too many (?:models|instances) (?:loaded|running)/i,
      rank: 86,
    },
    {
      pattern:
        /force-killing model instance|unload_lru.{0,80}(?:limit|reached|removing)|limit reached, (?:unloading|removing) (?:LRU|model|instance)/i,
      rank: 70,
    },
    {
      // The model that was asked for gave way to the next one before it could answer.
      pattern: /evicting (?:idle |the )?(?:LRU|model|instance)/i,
      requires: [/(?:http client|proxy) error: /i],
      rank: 68,
    },
  ],
};
