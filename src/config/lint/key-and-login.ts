import { entryOf } from '../tree.js';
import { KEY_FIELDS } from './key-sources.js';
import { eachServer } from './rule.js';

/** Both would be `Authorization`: no command can use such a target. */
export const keyAndLogin = eachServer(({ node, path, provider }) => {
  const login = entryOf(node, 'basicAuth');
  const key = KEY_FIELDS.find((field) => entryOf(node, field) !== undefined);
  if (login === undefined || key === undefined || provider === 'llama-cpp') return [];
  return [
    {
      severity: 'error',
      code: 'config.key-and-login',
      path: [...path, 'basicAuth'],
      span: login.keySpan,
      message: `${key} stands here too: both are sent as Authorization, and only llama-server takes a key in another header`,
      suggestion: 'keep one of them',
    },
  ];
});
