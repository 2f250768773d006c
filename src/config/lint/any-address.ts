import { eachServer } from './rule.js';
import { textAt } from './servers.js';

export const anyAddress = eachServer((server) => {
  const text = textAt(server, 'baseUrl');
  const found = /^(?:https?:\/\/)?(0\.0\.0\.0|\[::\])(?=[:/]|$)/i.exec(server.url ?? '')?.[1];
  if (text === null || found === undefined) return [];
  return [
    {
      code: 'config.any-address',
      path: text.path,
      span: text.node,
      message: `${found} is where a server listens, no address to connect to`,
      suggestion: `write ${(server.url ?? '').replace(found, 'localhost')}, or the server's own address`,
    },
  ];
});
