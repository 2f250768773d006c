import type { SetKeyDocument } from '../services/config-set-key.js';
import { mark } from './symbols.js';
import { wrap } from './width.js';

/** What has become of a key, and what the configuration has to say for it to be used. */
export function renderSetKey(document: SetKeyDocument, width: number): string {
  const { account, stored, deleted, usedBy, hidden } = document;
  const name = JSON.stringify(account);
  if (!stored) {
    const users = usedBy.length === 0 ? '' : `; ${usedBy.join(', ')} had it`;
    return deleted
      ? `${mark('good')} the key ${name} is out of the keyring${users}`
      : `${mark('warning')} the keyring has no key ${name}`;
  }
  const first = `${mark('good')} the keyring has the key ${name}`;
  if (usedBy.length > 0 && !hidden) return `${first}; used by ${usedBy.join(', ')}`;
  const place = hidden ? 'in place of the key that its target has now' : 'in the target that it is for';
  return [first, '', wrap(`Say so ${place}:`, width, '  '), `    "apiKeyKeyring": ${name}`].join('\n');
}
