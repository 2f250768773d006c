import { modeText } from '../file-modes.js';
import type { LintRule } from './rule.js';

export const exposedSecret: LintRule = ({ disk, secrets, read }) => {
  if (!disk?.stats?.readableByOthers) return [];
  const mode = modeText(disk.stats.mode);
  return secrets.map(({ path, node }) => ({
    code: 'config.exposed-secret',
    path,
    span: node,
    message: `a secret, and others can read the file (${mode})`,
    suggestion: `chmod 600 ${read.file}`,
  }));
};
