import { type Check, failed, findingOf, isHeldUpByWork, passed, skipped } from '../check.js';

/** The server tells its properties. */
export const serverProperties: Check = {
  id: 'server.properties',
  title: 'the server tells its properties',
  category: 'server',
  needs: ['key.accepted'],
  asks: ['props', 'slots'],
  run(facts) {
    const { props } = facts;
    if (props.state === 'not-asked') return skipped(props.reason);
    if (props.state === 'known') return passed('/props answers');
    const { code, message } = props.error;
    // Off in some builds, and hidden by some proxies: what it tells is then taken from elsewhere.
    if (code === 'feature.disabled' || code === 'connection.wrong-path') return skipped(message);
    if (isHeldUpByWork(facts, props.error)) return skipped('the server is too busy to tell');
    return failed(message, findingOf(props.error, 75));
  },
};
