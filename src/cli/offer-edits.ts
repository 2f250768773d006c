import { type Edit, planEdits } from '../services/config-edit.js';
import { writeConfig } from '../services/config-write.js';
import { confirm } from './confirm.js';
import type { Output } from './output.js';

export interface OfferOptions {
  readonly output: Output;
  /** `--config`. */
  readonly config: string | undefined;
  readonly yes: boolean;
  readonly signal: AbortSignal;
}

/**
 * Shows what edits would change in the configuration, asks, and writes them; the old file is kept.
 * @returns whether something was written
 * @throws LlamactlError (usage) where there is nobody to ask, or the file cannot be written
 */
export async function offerEdits(
  edits: readonly Edit[],
  { output, config, yes, signal }: OfferOptions,
): Promise<boolean> {
  const plan =
    edits.length === 0 ? null : await planEdits(edits, { cwd: process.cwd(), env: process.env, config });
  if (plan === null) {
    output.note('… nothing of this can be mended in the configuration');
    return false;
  }
  const { renderEdits } = await import('../render/edits.js');
  output.note(`${renderEdits(plan)}\n`);
  const agreeing = 'llamactl diagnose --fix --yes';
  if (!(await confirm(`${plan.file} would be changed`, 'write it', { yes, agreeing, signal }))) return false;
  const backup = await writeConfig(plan.path, plan.file, plan.text, 0o600);
  output.note(`… wrote ${plan.file}${backup === null ? '' : `; the old one is ${backup}`}. Looking again.\n`);
  return true;
}
