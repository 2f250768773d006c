import { isPublicHost } from '../../wire/hosts.js';
import { entryOf } from '../tree.js';
import { KEY_FIELDS } from './key-sources.js';
import { eachAddress, type ServerEntry } from './rule.js';

export const plainHttpKey = eachAddress(({ url, text }, server) => {
  if (!/^http:/i.test(url) || !URL.canParse(url)) return [];
  const { hostname } = new URL(url);
  if (!isPublicHost(hostname) || !hasKey(server)) return [];
  return [
    {
      code: 'config.plain-http-key',
      path: text.path,
      span: text.node,
      message: `the ${hasKey(server, ['basicAuth']) ? 'password' : 'API key'} goes to ${hostname} unencrypted: everybody on the way can read it`,
      suggestion: 'use https, or a tunnel: ssh -L 8080:localhost:8080 HOST',
    },
  ];
});

const SECRETS = [...KEY_FIELDS, 'basicAuth'];

function hasKey({ node }: ServerEntry, fields: readonly string[] = SECRETS): boolean {
  return fields.some((key) => {
    const value = entryOf(node, key)?.value;
    return value !== undefined && !(value.kind === 'scalar' && (value.value === '' || value.value === null));
  });
}
