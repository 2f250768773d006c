import { type Check, findingOf } from '../check.js';

/** What answers is a llama-server, and it is ready. */
export const server: Check = {
  id: 'server',
  category: 'server',
  needs: ['network'],
  run({ health }) {
    if (health.state === 'not-asked') return { status: 'skip', summary: health.reason };
    if (health.state === 'failed')
      return { status: 'fail', summary: health.error.message, findings: [findingOf(health.error, 90)] };
    const { status, build } = health.value;
    const state = status === 'asleep' ? 'asleep, wakes on the next request' : 'ready';
    return { status: 'pass', summary: `llama.cpp${build === null ? '' : ` ${build}`}, ${state}` };
  },
};
