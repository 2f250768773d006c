import type { Complaint } from '../problem.js';
import { entryOf, type Node, nodeAt } from '../tree.js';
import type { LintRule } from './rule.js';
import { textAt } from './servers.js';

/** Providers of one name, of which nanocoder keeps the last; models and fallbacks that are listed twice. */
export const duplicateName: LintRule = ({ servers, read }) => {
  const names = new Set<string>();
  const providers = servers.flatMap((server): Complaint[] => {
    const name = textAt(server, 'name');
    // A target that stands twice is a key that stands twice.
    if (name === null || !names.has(server.name)) {
      names.add(server.name);
      return [];
    }
    return [
      {
        code: 'config.duplicate-name',
        path: name.path,
        span: name.node,
        message: `there is another "${server.name}" above: only the last one counts`,
        suggestion: 'give one of them another name',
      },
    ];
  });
  const models = servers.flatMap(({ path, node }) =>
    ['models', 'baseUrls'].flatMap((key) => twice([...path, key], entryOf(node, key)?.value)),
  );
  return [...providers, ...models, ...twice(['fallback'], nodeAt(read.tree.root, ['fallback']))];
};

function twice(path: readonly PropertyKey[], list: Node | undefined): Complaint[] {
  if (list?.kind !== 'array') return [];
  const seen = new Set<unknown>();
  return list.items.flatMap(({ value }, index): Complaint[] => {
    if (value.kind !== 'scalar' || !seen.has(value.value)) {
      if (value.kind === 'scalar') seen.add(value.value);
      return [];
    }
    const message = `${JSON.stringify(value.value)} is listed twice`;
    return [
      {
        code: 'config.duplicate-name',
        path: [...path, index],
        span: value,
        message,
        suggestion: 'take one out',
      },
    ];
  });
}
