import { type Check, failed, finding, passed, skipped } from '../check.js';

/** No model of a router has failed to load. */
export const modelLoaded: Check = {
  id: 'model.loaded',
  title: "none of a router's models has failed to load",
  category: 'model',
  needs: ['key.accepted'],
  asks: ['models', 'props'],
  run(facts) {
    const { models, props, configured } = facts;
    if (models.state !== 'known') return skipped('the models are not known');
    if (props.state !== 'known' || props.value.role !== 'router') return skipped('the server is no router');
    const broken = models.value.filter(({ status }) => status === 'failed');
    if (broken.length === 0) return passed('none has failed');
    const findings = broken.map(({ id, failure }) =>
      finding('model.load-failed', facts, {
        // The one that is asked for, or the only one there is, is what requests fail on.
        severity:
          id === configured.model || (configured.model === null && models.value.length === broken.length)
            ? 'error'
            : 'warning',
        title: `the router's model "${id}" failed to load`,
        evidence: [
          `/v1/models → ${id}: failed${failure?.exitCode == null ? '' : `, exit code ${failure.exitCode}`}`,
          ...(failure === undefined || failure.args.length === 0 ? [] : [failure.args.join(' ')]),
        ],
        rank: 72,
        remedies: [
          { text: "The router's log has the cause:", commands: ['llamactl explain SERVER.log'] },
          { text: 'Or start it by itself to see why:', commands: [`llamactl up MODEL-FILE-OF-${id}`] },
        ],
      }),
    );
    return failed(`${broken.map(({ id }) => id).join(', ')} failed`, ...findings);
  },
};
