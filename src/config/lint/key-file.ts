import { modeText } from '../file-modes.js';
import { eachServer } from './rule.js';
import { textAt } from './servers.js';

export const keyFile = eachServer((server, { keyFiles }) => {
  const text = textAt(server, 'apiKeyFile');
  const file = text === null ? undefined : keyFiles.get(text.value);
  if (text === null || text.value === '' || file === undefined) return [];
  const at = { code: 'config.key-file', path: text.path, span: text.node } as const;
  const { stats, path } = file;
  if (stats === null)
    return [{ ...at, message: 'this file is not there', suggestion: `install -m 600 /dev/stdin ${path}` }];
  if (stats.size === 0) return [{ ...at, message: 'this file is empty' }];
  if (!stats.readableByOthers) return [];
  return [
    {
      ...at,
      message: `others can read this file (${modeText(stats.mode)})`,
      suggestion: `chmod 600 ${path}`,
    },
  ];
});
