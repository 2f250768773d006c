import { type Check, passed, skipped } from '../check.js';

/** Which endpoints are on, and which flag turns the others on. */
export const serverEndpoints: Check = {
  id: 'server.endpoints',
  title: 'which endpoints are on',
  category: 'server',
  needs: ['key.accepted'],
  asks: ['props'],
  run({ props }) {
    if (props.state !== 'known')
      return skipped(props.state === 'failed' ? props.error.message : props.reason);
    const { endpoint_metrics: metrics, endpoint_slots: slots, role } = props.value;
    if (role === 'router') return skipped("a router's models have their own");
    const told = [
      metrics == null ? '' : metrics ? 'metrics' : 'no metrics (--metrics)',
      slots == null ? '' : slots ? 'slots' : 'no slots (--slots)',
    ].filter((part) => part !== '');
    return told.length === 0 ? skipped('the server does not tell') : passed(told.join(', '));
  },
};
