import { keySpanAt } from '../tree.js';
import { eachServer } from './rule.js';

/** Names that `--target` and `LLAMACTL_TARGET` read otherwise. */
export const targetName = eachServer(({ name, path }, { read }) => {
  const oddity = read.form === 'llamactl' ? oddityOf(name) : null;
  if (oddity === null) return [];
  return [
    {
      code: 'config.invalid-value',
      path,
      span: keySpanAt(read.tree.root, path),
      message: oddity,
      suggestion: 'give it another name',
    },
  ];
});

function oddityOf(name: string): string | null {
  if (name === 'all') return '--target all means every target: this one cannot be named alone';
  if (name.includes(',')) return 'LLAMACTL_TARGET has commas between names: this one cannot stand there';
  return name !== '' && name.trim() !== name ? 'the name begins or ends with a blank' : null;
}
