import { isPublicHost } from '../../wire/hosts.js';
import { entryOf } from '../tree.js';
import { eachServer, type ServerEntry } from './rule.js';

export const plainHttpKey = eachServer((server) => {
  if (server.url === null || !/^http:/i.test(server.url) || !URL.canParse(server.url)) return [];
  const { hostname } = new URL(server.url);
  if (!isPublicHost(hostname) || !hasKey(server)) return [];
  const node = entryOf(server.node, 'baseUrl')?.value;
  return [
    {
      code: 'config.plain-http-key',
      path: [...server.path, 'baseUrl'],
      span: node ?? server.node,
      message: `the API key goes to ${hostname} unencrypted: everybody on the way can read it`,
      suggestion: 'use https, or a tunnel: ssh -L 8080:localhost:8080 HOST',
    },
  ];
});

function hasKey({ node }: ServerEntry): boolean {
  return ['apiKey', 'apiKeyFile', 'apiKeyCommand'].some((key) => {
    const value = entryOf(node, key)?.value;
    return value !== undefined && !(value.kind === 'scalar' && (value.value === '' || value.value === null));
  });
}
