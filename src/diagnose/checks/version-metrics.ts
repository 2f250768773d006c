import { type Check, failed, finding, passed, skipped } from '../check.js';
import type { DashboardFacts, Facts } from '../facts.js';

/** The metrics that dashboards and alert rules ask for are there: a panel of one that is gone stays empty without a word. */
export const versionMetrics: Check = {
  id: 'version.metrics',
  title: 'the metrics that dashboards ask for are there',
  category: 'version',
  needs: ['key.accepted'],
  asks: ['metrics'],
  run(facts) {
    const { metrics } = facts;
    const dashboards = facts.configured.dashboards ?? [];
    if (metrics.state !== 'known') {
      const reason = metrics.state === 'failed' ? metrics.error.message : metrics.reason;
      const isOff =
        metrics.state === 'failed'
          ? metrics.error.code === 'feature.disabled'
          : facts.props.state === 'known' && facts.props.value.endpoint_metrics === false;
      return isOff && dashboards.some((each) => each.metrics.length > 0)
        ? failed('off, and dashboards ask for them', offFinding(facts, dashboards))
        : skipped(reason);
    }
    const { names } = metrics.value;
    if (names === undefined) return skipped('the names of the metrics were not kept');
    const has = new Set(names);
    const gone = dashboards
      .map(({ file, metrics: wanted }) => ({ file, metrics: wanted.filter((name) => !has.has(name)) }))
      .filter((each) => each.metrics.length > 0);
    if (gone.length > 0)
      return failed(
        `${names.length} metrics, and some that are asked for are not`,
        ...gone.map((each) => goneFinding(facts, each)),
      );
    const removed = [...REMOVED.keys()]
      .filter((name) => !has.has(name))
      .map((name) => name.slice(PREFIX.length));
    const without = removed.length === 0 ? '' : `, without ${removed.join(' and ')} (removed in 2025)`;
    return passed(
      dashboards.length === 0
        ? `${names.length} metrics${without}`
        : `all that ${dashboards.map(({ file }) => file).join(', ')} asks for`,
    );
  },
};

const PREFIX = 'llamacpp:';
const FROM_SLOTS = 'how full a slot is: n_prompt_tokens of n_ctx in /slots';

/** Metrics that older builds had, and what tells the same today. */
const REMOVED: ReadonlyMap<string, string> = new Map([
  ['llamacpp:kv_cache_usage_ratio', FROM_SLOTS],
  ['llamacpp:kv_cache_tokens', FROM_SLOTS],
]);

function goneFinding(facts: Facts, { file, metrics }: DashboardFacts) {
  const removed = metrics.filter((name) => REMOVED.has(name));
  const few = metrics.length === 1;
  return finding('feature.disabled', facts, {
    severity: 'warning',
    title: `${file} asks for ${metrics.length} ${few ? 'metric' : 'metrics'} that this server does not have: ${few ? 'its panels stay' : 'their panels stay'} empty`,
    evidence: metrics.map((name) =>
      REMOVED.has(name) ? `${name}: removed from llama-server in May 2025` : `${name}: not in /metrics`,
    ),
    rank: 38,
    remedies: [
      ...(removed.length > 0
        ? [
            {
              text: `Ask for something else in its place; ${FROM_SLOTS}:`,
              commands: [`llamactl slots --url ${facts.url}`, `llamactl metrics --url ${facts.url}`],
            },
          ]
        : []),
      {
        text: 'See which metrics there are:',
        commands: [`curl -s ${facts.url}/metrics | grep -o '^llamacpp:[a-z_]*'`],
      },
    ],
  });
}

function offFinding(facts: Facts, dashboards: readonly DashboardFacts[]) {
  const wanted = dashboards.flatMap(({ metrics }) => metrics);
  return finding('feature.disabled', facts, {
    severity: 'warning',
    title: 'dashboards ask for metrics, and the server was started without --metrics',
    evidence: [
      `${dashboards.map(({ file }) => file).join(', ')}: ${wanted.slice(0, 4).join(', ')}${wanted.length > 4 ? ' …' : ''}`,
      '/props → endpoint_metrics is false',
    ],
    rank: 39,
    context: { flag: '--metrics' },
  });
}
