import { eachAddress } from './rule.js';

export const anyAddress = eachAddress(({ url, text }) => {
  // `0` and `[::ffff:0:0]` are other ways to write it.
  const found = /^(?:https?:\/\/)?(0(?:\.0){0,3}|\[(?:::|::ffff:0(?:\.0\.0\.0|:0))\])(?=[:/]|$)/i.exec(
    url,
  )?.[1];
  if (found === undefined) return [];
  return [
    {
      code: 'config.any-address',
      path: text.path,
      span: text.node,
      message: `${found} is where a server listens, no address to connect to`,
      suggestion: `write ${url.replace(found, 'localhost')}, or the server's own address`,
    },
  ];
});
