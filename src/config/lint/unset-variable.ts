import { isNanocoder } from '../form.js';
import { isOwnKey } from '../own-keys.js';
import type { Complaint } from '../problem.js';
import { walk } from '../tree.js';
import { unsetVariables } from '../variables.js';
import type { LintRule } from './rule.js';

/** Our fields that variables are put into; of nanocoder's, every text. */
const FIELDS = new Set(['baseUrl', 'baseUrls', 'apiKey', 'apiKeyFile', 'basicAuth', 'headers', 'models']);

export const unsetVariable: LintRule = ({ servers, env, read }) =>
  servers.flatMap(({ path, node }) =>
    [...walk(node, path)].flatMap(({ node: value, path: at }): Complaint[] => {
      if (value.kind !== 'scalar' || typeof value.value !== 'string') return [];
      const field = String(at[path.length] ?? '');
      if (isOwnKey(field) || (!isNanocoder(read.form) && !FIELDS.has(field))) return [];
      const where = { path: at, span: value } as const;
      return [
        ...unsetVariables(value.value, env).map(
          (name): Complaint => ({
            ...where,
            code: 'config.unset-variable',
            message: `the variable ${name} is not set`,
            suggestion: `export ${name}=…, or write a default: \${${name}:-default}`,
          }),
        ),
        ...malformed(value.value).map(
          (found): Complaint => ({
            ...where,
            code: 'config.invalid-value',
            message: `${found} is no variable`,
            suggestion: `write \${NAME} or \${NAME:-default}; a dollar is $$`,
          }),
        ),
      ];
    }),
  );

function malformed(text: string): string[] {
  return [...text.matchAll(/(?<!\$)\$\{(?![A-Za-z_]\w*(?::-[^}]*)?\})[^}]*\}?/g)].map(([found]) => found);
}
