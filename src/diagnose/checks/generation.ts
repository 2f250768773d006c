import { type Check, findingOf } from '../check.js';

/** A token comes inside the deadline: `/health` is 200 on a server whose threads are stuck. */
export const generation: Check = {
  id: 'generation',
  category: 'generation',
  needs: ['key', 'model'],
  run({ generation: fact, slots, url }) {
    if (slots.state === 'known' && slots.value.total > 0 && slots.value.busy >= slots.value.total) {
      const { total, progressed } = slots.value;
      const evidence = [
        `${total} of ${total} slots busy, ${progressed ?? 0} tokens between two looks (/slots)`,
      ];
      if (progressed === 0) {
        return {
          status: 'fail',
          summary: 'every slot is stuck',
          findings: [
            {
              code: 'server.wedged',
              severity: 'error',
              title: 'every slot is taken and none moves',
              evidence,
              remedies: [{ text: 'Restart the server:', commands: ['pkill -TERM llama-server'] }],
              rank: 50,
            },
          ],
        };
      }
      return {
        status: 'warn',
        summary: 'every slot is busy',
        findings: [
          {
            code: 'server.busy',
            severity: 'warning',
            title: `all ${total} slots are busy: further requests wait`,
            evidence,
            remedies: [
              { text: 'See what they do:', commands: [`llamactl slots --url ${url}`] },
              { text: 'Start it with more slots:', commands: ['llama-server -m MODEL -np 8'] },
            ],
            rank: 50,
          },
        ],
      };
    }
    if (fact.state === 'not-asked') return { status: 'skip', summary: fact.reason };
    if (fact.state === 'failed') {
      if (fact.error.code === 'feature.disabled')
        return { status: 'skip', summary: 'this server does not chat' };
      const silent = fact.error.type === 'TIMEOUT_ERROR';
      const finding = findingOf(silent ? { ...fact.error, code: 'server.wedged' } : fact.error, 50);
      return { status: 'fail', summary: fact.error.message, findings: [finding] };
    }
    return { status: 'pass', summary: `first token after ${Math.round(fact.value.firstTokenMs)} ms` };
  },
};
