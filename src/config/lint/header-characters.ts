import { substituted } from '../variables.js';
import { eachServer } from './rule.js';
import { textAt } from './servers.js';

/** A line break in a key would begin another header. */
export const headerCharacters = eachServer((server, { env, read }) => {
  const key = textAt(server, 'apiKey');
  const value = key === null ? null : substituted(key.value, env);
  if (key === null || value === null || !/\p{Cc}|\P{ASCII}/u.test(value.trim())) return [];
  const line = read.lines.at(key.node.start).line;
  if (read.problems.some((problem) => problem.line === line && problem.severity === 'error')) return [];
  return [
    {
      severity: 'error',
      code: 'config.invalid-value',
      path: key.path,
      span: key.node,
      message: 'a line break or another character that no header can carry is in it',
      suggestion: 'give the key alone, without quotes or a line end',
    },
  ];
});
