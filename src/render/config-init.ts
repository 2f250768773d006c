import type { NewTarget } from '../config/init-template.js';
import type { InitDocument } from '../services/config-init.js';
import { mark } from './symbols.js';
import { wrap } from './width.js';

/**
 * What was written, and what to type next.
 * @param words what names the first target on the command line
 */
export function renderInit(
  { file, backup }: InitDocument,
  targets: readonly NewTarget[],
  { shadowedBy, words }: { readonly shadowedBy: string | null; readonly words: string },
  width: number,
): string {
  const lines = targets.map(({ name, baseUrl, remark }) =>
    wrap(`${name}: ${baseUrl}${remark === null ? '' : ` (${remark})`}`, width, '  '),
  );
  // A file of another name has to be named.
  const isFound = /^llamactl\.config\.|[\\/]llamactl[\\/]config\.\w+$/.test(file) && shadowedBy === null;
  const exports = targets.flatMap(({ key }) => (key.kind === 'variable' ? [`    export ${key.name}=…`] : []));
  return [
    `${mark('good')} wrote ${file}`,
    ...lines,
    ...(backup === null ? [] : [`  the old one is ${backup}`]),
    ...(shadowedBy === null ? [] : [wrap(`${mark('warning')} ${shadowedBy} is read before it`, width)]),
    '',
    ...(exports.length === 0 ? [] : ['  Give the key:', ...exports]),
    '  Check it, with the server:',
    `    llamactl config validate${isFound ? '' : ` ${file}`} --live`,
    '  Or see what the server says:',
    `    llamactl health${isFound ? '' : ` --config ${file}`} ${words}`,
  ].join('\n');
}
