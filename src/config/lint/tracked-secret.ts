import type { LintRule } from './rule.js';

export const trackedSecret: LintRule = ({ disk, secrets }) => {
  if (!disk?.trackedByGit) return [];
  return secrets.map(({ path, node }) => ({
    code: 'config.tracked-secret',
    path,
    span: node,
    message: 'a secret, and git tracks the file',
    suggestion: 'write a variable ($LLAMACTL_KEY), and take the key out of use: it is in the history',
  }));
};
