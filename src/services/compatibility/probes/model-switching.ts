import { LlamactlError } from '../../../errors/llamactl-error.js';
import { askRaw } from '../ask.js';
import type { Bench, Probe, Verdict } from '../feature.js';

const WRONG_NAME = 'llamactl-no-such-model';

export const modelSwitching: Probe = {
  feature: 'model-switching',
  asks: 'model',
  chats: true,
  measure: async (bench) => {
    const answered = await askWrongName(bench);
    if (answered !== null)
      return {
        result: 'partly',
        evidence: `the name is ignored: "${WRONG_NAME}" was answered${answered === WRONG_NAME ? '' : ` by "${answered}"`}`,
      };
    const [second] = bench.others;
    if (second === undefined)
      return { result: 'partly', evidence: `a wrong name is refused; ${bench.othersReason}` };
    const { model = '' } = await askRaw(bench, { model: second.id });
    return judgeSecond(second.id, second.aliases, model ?? '', bench.model ?? '');
  },
};

/** Whether the second model was the one that answered. */
export function judgeSecond(
  asked: string,
  aliases: readonly string[],
  answered: string,
  first: string,
): Verdict {
  if (answered === first)
    return { result: 'no', evidence: `"${asked}" was asked, and "${answered}" answered` };
  const isIt = answered === '' || answered === asked || aliases.includes(answered);
  return {
    result: 'yes',
    evidence: `"${asked}" answers beside "${first}"${isIt ? '' : ` (as "${answered}")`}; a wrong name is refused`,
  };
}

/** The model that answers to a name that nobody has; null where the name is refused. */
async function askWrongName(bench: Bench): Promise<string | null> {
  try {
    return (await askRaw(bench, { model: WRONG_NAME })).model || WRONG_NAME;
  } catch (error) {
    if (error instanceof LlamactlError && ['MODEL_NOT_FOUND', 'INVALID_REQUEST'].includes(error.type))
      return null;
    throw error;
  }
}
