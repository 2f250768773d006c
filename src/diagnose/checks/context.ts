import type { Check } from '../check.js';

/** A slot holds what the configuration supposes. */
export const context: Check = {
  id: 'context',
  category: 'model',
  needs: ['key'],
  run({ props, models, configured }) {
    const slots = props.state === 'known' ? (props.value.total_slots ?? null) : null;
    const told = props.state === 'known' ? props.value.default_generation_settings?.n_ctx : null;
    const fromList =
      models.state === 'known'
        ? models.value.find(({ contextPerSlot }) => contextPerSlot !== null)?.contextPerSlot
        : null;
    const perSlot = told || fromList;
    if (!perSlot) return { status: 'skip', summary: 'the server does not tell' };
    const summary = `${count(perSlot)} tokens a slot${slots === null ? '' : `, ${slots} ${slots === 1 ? 'slot' : 'slots'}`}`;
    const supposed = configured.contextSize;
    if (supposed === null || supposed <= perSlot) return { status: 'pass', summary };
    const total = perSlot * (slots ?? 1);
    const shared = slots !== null && slots > 1 && supposed <= total;
    const file = props.state === 'known' && props.value.model_path ? props.value.model_path : 'MODEL';
    return {
      status: 'fail',
      summary,
      findings: [
        {
          code: 'context.slot-too-small',
          severity: 'error',
          title: `requests over ${count(perSlot)} tokens will fail${shared ? `: the ${count(total)} are shared by ${slots} slots` : ''}`,
          evidence: [
            `configuration says nCtx ${count(supposed)}${configured.contextSizeOrigin === null ? '' : ` (${configured.contextSizeOrigin})`}`,
            `server has ${count(perSlot)} tokens a slot${slots === null ? '' : `, ${slots} ${slots === 1 ? 'slot' : 'slots'}`} (/props)`,
          ],
          remedies: [
            {
              text:
                slots !== null && slots > 1
                  ? 'Restart it with one slot, or with room for each:'
                  : 'Restart it with a larger context:',
              commands: [
                `llama-server -m ${file} -c ${supposed} -np 1`,
                ...(slots !== null && slots > 1
                  ? [`llama-server -m ${file} -c ${supposed * slots} -np ${slots}`]
                  : []),
              ],
            },
          ],
          rank: 60,
        },
      ],
    };
  },
};

function count(tokens: number): string {
  return tokens.toLocaleString('en-US');
}
