import { advice, serverRule } from '../rule.js';
import { setting } from '../server.js';

/** A key in a manifest is in its repository, and as an argument in the process list. */
export const keyInSight = serverRule('key-in-sight', 'no key in a manifest', (server) => {
  const key = setting(server, '--api-key');
  if (key === null || key.text === '' || key.text.includes('$')) return [];
  const index = server.flags.find(({ known }) => known?.names.includes('--api-key') === true)?.index;
  const at = key.flag ? (server.args[index ?? 0]?.at ?? server.at) : key.at;
  return [
    {
      code: 'config.invalid',
      severity: 'error',
      title: key.flag
        ? 'a key stands in the manifest, and in the process list of the machine'
        : 'a key stands in the manifest',
      remedies: advice('Mount it as a secret, and change it:', '--api-key-file /run/secrets/llama/api-key'),
      manifest: server.manifest,
      at,
      word: key.flag ? '--api-key' : undefined,
    },
  ];
});
