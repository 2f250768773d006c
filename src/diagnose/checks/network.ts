import { type Check, findingOf } from '../check.js';

/** The name resolves, and something accepts connections there. */
export const network: Check = {
  id: 'network',
  category: 'network',
  needs: [],
  run({ network: fact, health }) {
    // Behind a proxy the host need not be reachable from here: what HTTP says counts.
    if (health.state === 'known' && fact.state !== 'known')
      return { status: 'pass', summary: 'reached through a proxy' };
    if (fact.state === 'not-asked') return { status: 'skip', summary: fact.reason };
    if (fact.state === 'failed')
      return { status: 'fail', summary: fact.error.message, findings: [findingOf(fact.error, 100)] };
    return { status: 'pass', summary: `resolves, connects in ${fact.value.connectMs} ms` };
  },
};
