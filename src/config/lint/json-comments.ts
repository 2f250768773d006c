import { isNanocoder } from '../form.js';
import type { LintRule } from './rule.js';

/** nanocoder reads with JSON.parse, which no comment passes. */
export const jsonComments: LintRule = ({ read }) => {
  const [first, ...others] = read.comments;
  if (!isNanocoder(read.form) || read.format !== 'json' || first === undefined) return [];
  return [
    {
      code: 'config.comment-in-json',
      span: first,
      message: `a comment${others.length === 0 ? '' : `, and ${others.length} more`}: nanocoder cannot read the file`,
      suggestion: 'write it as a key of its own: "//": "…"',
    },
  ];
};
