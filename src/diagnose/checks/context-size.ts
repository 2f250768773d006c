import { type Check, count, failed, finding, passed, skipped } from '../check.js';
import type { Facts } from '../facts.js';
import { isOldBuild } from './context-overflow.js';
import { otherContext } from './other-context.js';

/** A slot holds what the configuration supposes. */
export const contextSize: Check = {
  id: 'context.size',
  title: 'a slot holds what the configuration supposes',
  category: 'context',
  needs: ['key.accepted'],
  asks: ['props', 'models', 'window'],
  run(facts) {
    if (facts.program !== 'llama.cpp') return otherContext(facts);
    const { perSlot, slots, trained } = contextOfServer(facts);
    if (perSlot === null) return skipped('the server does not tell');
    const slotText = slots === null ? '' : `, ${slots} ${slots === 1 ? 'slot' : 'slots'}`;
    const trainedText = trained === null || trained === perSlot ? '' : `, trained for ${count(trained)}`;
    const summary = `${count(perSlot)} tokens a slot${slotText}${trainedText}`;
    const { contextSize: supposed, contextSizeOrigin: origin } = facts.configured;
    if (supposed === null || supposed <= perSlot) return passed(summary);
    const total = perSlot * (slots ?? 1);
    const shared = slots !== null && slots > 1 && supposed <= total;
    const file = (facts.props.state === 'known' ? facts.props.value.model_path : null) ?? 'MODEL';
    return failed(
      summary,
      finding('context.slot-too-small', facts, {
        severity: 'error',
        title: `requests over ${count(perSlot)} tokens will fail${shared ? `: the ${count(total)} are shared by ${slots} slots` : `: the server's context is smaller than configured`}`,
        evidence: [
          `the configuration supposes ${count(supposed)} tokens${origin === null ? '' : ` (${origin})`}`,
          `the server has ${count(perSlot)} tokens a slot${slotText} (/props)`,
          ...(trained !== null && supposed > trained
            ? [`the model was trained for ${count(trained)}, and the server gives no more`]
            : []),
          ...(isOldBuild(facts) ? ['this build drops the middle of a longer prompt, without a word'] : []),
        ],
        rank: 60,
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
      }),
    );
  },
};

/** What one request may hold at another program; null where it does not tell. */
function otherWindow({ window }: Facts): { perSlot: number | null; slots: null; trained: number | null } {
  const told = window.state === 'known' ? window.value : null;
  return { perSlot: told?.tokens ?? told?.set ?? null, slots: null, trained: told?.trained ?? null };
}

/** What one request may hold, how many are served at once, and what the model was trained for. */
export function contextOfServer(facts: Facts): {
  readonly perSlot: number | null;
  readonly slots: number | null;
  readonly trained: number | null;
} {
  if (facts.program !== 'llama.cpp') return otherWindow(facts);
  const { props, models } = facts;
  const told = props.state === 'known' ? props.value : null;
  const model =
    models.state === 'known' ? models.value.find(({ contextPerSlot }) => contextPerSlot !== null) : undefined;
  const trained =
    models.state === 'known' ? models.value.find(({ contextTrained }) => contextTrained !== null) : undefined;
  return {
    perSlot: told?.default_generation_settings?.n_ctx || (model?.contextPerSlot ?? null),
    slots: told?.total_slots ?? null,
    trained: trained?.contextTrained ?? null,
  };
}
