import { keySpanAt } from '../tree.js';
import type { LintRule } from './rule.js';
import { textAt } from './servers.js';

/** Names that people, and file systems, take for one another. */
export const caseClash: LintRule = ({ servers, read }) => {
  const first = new Map<string, string>();
  return servers.flatMap((server) => {
    const known = first.get(server.name.toLowerCase());
    if (known === undefined) first.set(server.name.toLowerCase(), server.name);
    if (known === undefined || known === server.name) return [];
    const name = textAt(server, 'name');
    return [
      {
        code: 'config.case-clash',
        path: name?.path ?? server.path,
        span: name?.node ?? keySpanAt(read.tree.root, server.path),
        message: `"${server.name}" and "${known}" differ only by case`,
        suggestion: 'give one of them another name',
      },
    ];
  });
};
