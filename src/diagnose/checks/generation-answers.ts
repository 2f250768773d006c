import { type Check, failed, findingOf, passed, skipped } from '../check.js';
import { wedgedFinding } from '../wedged.js';

/** A token comes inside the deadline: `/health` is 200 on a server whose threads are stuck. */
export const generationAnswers: Check = {
  id: 'generation.answers',
  title: 'an answer comes inside the deadline',
  category: 'generation',
  needs: ['key.accepted'],
  follows: ['template.works', 'model.loaded', 'model.served', 'server.properties'],
  asks: ['generation', 'local'],
  run(facts) {
    const { generation, program } = facts;
    if (generation.state === 'not-asked') return skipped(generation.reason);
    if (generation.state === 'failed') {
      const { error } = generation;
      const silent = error.type === 'TIMEOUT_ERROR';
      if (error.code === 'server.busy') {
        return failed(error.message, findingOf(error, 50, 'warning'));
      }
      // Whether another program is stuck, or slow and at work, nobody can see.
      const code = silent && program === 'llama.cpp' ? 'server.wedged' : error.code;
      // A stream that broke may still be a template's fault, or the model's: those checks come first by their rank.
      const found = findingOf({ ...error, code }, 65);
      return failed(error.message, code === 'server.wedged' ? wedgedFinding(facts, found) : found);
    }
    const { kind, firstTokenMs, reasoning } = generation.value;
    if (kind === 'embedding') return passed(`embeds in ${Math.round(firstTokenMs)} ms, does not chat`);
    return passed(
      `first token after ${Math.round(firstTokenMs)} ms${reasoning ? ', reasons before it answers' : ''}`,
    );
  },
};
