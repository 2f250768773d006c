import { type Check, failed, finding, findingOf, passed, skipped } from '../check.js';
import { endpointOf } from '../gather/network.js';
import { wedgedFinding } from '../wedged.js';

/** The server is ready, or asleep, which a request ends. */
export const serverReady: Check = {
  id: 'server.ready',
  title: 'the server is ready',
  category: 'server',
  needs: ['server.identity'],
  asks: ['health', 'props', 'local'],
  run(facts) {
    const { health, local } = facts;
    if (health.state === 'not-asked') return skipped(health.reason);
    if (health.state === 'failed') {
      const { port } = endpointOf(new URL(facts.url));
      const stopped =
        // One that was only just stopped may have answered before.
        health.error.type === 'TIMEOUT_ERROR' && local.state === 'known'
          ? local.value.processes.find(({ ports, state }) => ports.includes(port) && state === 'T')
          : undefined;
      if (stopped !== undefined) {
        const title = `llama-server is stopped (process ${stopped.pid}): it accepts connections and answers nothing`;
        return failed(
          title,
          finding('server.wedged', facts, {
            title,
            evidence: [...health.error.evidence, `process ${stopped.pid} is in state T (stopped)`],
            rank: 86,
            remedies: [{ text: 'Let it go on:', commands: [`kill -CONT ${stopped.pid}`] }],
          }),
        );
      }
      const found = findingOf(health.error, 85);
      return failed(
        health.error.message,
        found.code === 'server.wedged' ? wedgedFinding(facts, found) : found,
      );
    }
    const { status, responseTimeMs } = health.value;
    const time = responseTimeMs === null ? '' : `, answers in ${responseTimeMs} ms`;
    if (status === 'asleep') return passed(`asleep, wakes on the next request${time}`);
    const isRouter = facts.props.state === 'known' && facts.props.value.role === 'router';
    return passed(`${isRouter ? 'a router, ready' : 'ready'}${time}`);
  },
};
