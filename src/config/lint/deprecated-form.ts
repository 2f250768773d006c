import { SECTION_NAMES, SECTIONS } from '../form.js';
import { keySpanAt, nodeAt } from '../tree.js';
import type { LintRule } from './rule.js';

/** The older form, a section a provider: llamactl reads it, today's nanocoder does not. */
export const deprecatedForm: LintRule = ({ read }) => {
  const there = SECTION_NAMES.filter((name) => nodeAt(read.tree.root, ['nanocoder', name]) !== undefined);
  return there.map((name) => ({
    code: 'config.deprecated-form',
    path: ['nanocoder', name],
    span: keySpanAt(read.tree.root, ['nanocoder', name]),
    message: `the old form: today's nanocoder reads ${SECTIONS[name].name} from providers[] only`,
    suggestion: `llamactl config migrate ${read.file} --to nanocoder`,
  }));
};
