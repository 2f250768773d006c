import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { alertRules } from '../../src/deploy/monitoring/alerts.js';
import { parseOptions } from '../../src/deploy/options.js';
import { planDeployment } from '../../src/deploy/plan.js';
import { TARGETS } from '../../src/deploy/targets.js';
import { hasValidator, VALIDATORS } from '../support/validators.js';
import { HUB_MODEL } from './models.js';
import { readYaml } from './read-back.js';

type Target = 'docker-compose' | 'k8s';

/** What Prometheus has scraped, minute by minute, and what is to be told of it. */
interface Scene {
  readonly what: string;
  /** Values of series by the metric's name, in Prometheus' notation: `0+60x9` is ten values that grow by 60. */
  readonly series: Readonly<Record<string, string>>;
  /** Minutes after the beginning, and which alerts fire then. */
  readonly fires: Readonly<Record<number, readonly string[]>>;
}

/** Four slots of 8,192 tokens; loading may take 150 s. */
const SCENES: readonly Scene[] = [
  {
    what: 'all is well',
    series: {
      up: '1x60',
      'llamacpp:requests_processing': '3x60',
      'llamacpp:requests_deferred': '0x60',
      'llamacpp:tokens_predicted_total': '0+1200x60',
      'llamacpp:tokens_predicted_seconds_total': '0+60x60',
      'llamacpp:n_tokens_max': '8000x60',
    },
    fires: { 5: [], 30: [], 60: [] },
  },
  {
    what: 'it goes down',
    series: { up: '1x10 0x60' },
    // LoadingTooLong joins in, once it has been away for as long as loading may take.
    fires: { 12: [], 13: ['Down'], 30: ['Down', 'LoadingTooLong'] },
  },
  { what: 'it goes down and comes back', series: { up: '1x10 0x1 1x30' }, fires: { 13: [], 20: [] } },
  {
    what: 'it is never ready',
    series: { up: '0x60' },
    fires: { 0: [], 4: ['LoadingTooLong'], 60: ['LoadingTooLong'] },
  },
  { what: 'it loads within its time', series: { up: '0x1 1x60' }, fires: { 2: [], 4: [], 10: [] } },
  { what: 'nobody knows of it', series: {}, fires: { 4: [], 5: ['Absent'] } },
  {
    what: 'all slots are busy',
    series: { up: '1x60', 'llamacpp:requests_processing': '4x60' },
    fires: { 9: [], 10: ['Saturated'] },
  },
  {
    what: 'slots are busy now and then',
    series: { up: '1x60', 'llamacpp:requests_processing': '4x8 3 4x50' },
    fires: { 10: [], 18: [] },
  },
  {
    what: 'requests wait',
    series: { up: '1x60', 'llamacpp:requests_deferred': '2x60' },
    fires: { 4: [], 5: ['QueueWaits'] },
  },
  {
    what: 'it generates two tokens a second',
    series: {
      up: '1x60',
      'llamacpp:tokens_predicted_total': '0+120x60',
      'llamacpp:tokens_predicted_seconds_total': '0+60x60',
    },
    fires: { 15: [], 17: ['SlowGeneration'] },
  },
  {
    what: 'nobody asks anything',
    series: {
      up: '1x60',
      'llamacpp:tokens_predicted_total': '500x60',
      'llamacpp:tokens_predicted_seconds_total': '100x60',
    },
    fires: { 30: [] },
  },
  {
    what: 'a request has filled its slot',
    series: { up: '1x60', 'llamacpp:n_tokens_max': '0x5 8190x60' },
    fires: { 5: [], 8: ['ContextFull'] },
  },
];

const SUMMARIES: Readonly<Record<string, string>> = {
  Down: 'a:8080 does not answer',
  Absent: 'Prometheus knows no server of llama',
  LoadingTooLong: 'a:8080 has not become ready in 150 s',
  Saturated: 'a:8080: all 4 slots have been busy for 10 minutes',
  QueueWaits: 'a:8080: 2 requests wait for a slot',
  SlowGeneration: 'a:8080 generates 2 tokens a second for each request',
  ContextFull: 'a:8080: a request has filled the 8192 tokens of its slot',
};

if (hasValidator('promtool')) {
  describe('alerts, as Prometheus judges them', () => {
    let folder: string;
    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'llamactl-alerts-'));
    });
    after(() => rmSync(folder, { recursive: true, force: true }));

    const plan = planDeployment(
      parseOptions({ model: HUB_MODEL.given, monitoring: true, namespace: 'ai', build: 'b11434' }),
      [HUB_MODEL],
    );
    /** The rules as a target writes them, and the labels that scraped series have there. */
    const deployments: Readonly<
      Record<Target, { rules: () => unknown; labels: Readonly<Record<string, string>> }>
    > = {
      'docker-compose': {
        rules: () => readYaml(contentOf('docker-compose', 'monitoring/rules.yml'))[0],
        labels: { job: 'llama' },
      },
      k8s: {
        rules: () =>
          readYaml(contentOf('k8s', 'monitoring.yaml')).find(({ kind }) => kind === 'PrometheusRule').spec,
        labels: { job: 'llama', namespace: 'ai' },
      },
    };
    const contentOf = (target: Target, path: string) =>
      TARGETS[target].files(plan, { explain: false }).find((file) => file.path === path)?.content ?? '';

    /** What promtool says to the scenes. */
    function tested(rules: unknown, labels: Readonly<Record<string, string>>, scenes: readonly Scene[]) {
      writeFileSync(join(folder, 'rules.yml'), stringify(rules));
      const known = new Map(
        alertRules(plan, '').flatMap((group) =>
          group.rules.map((rule) => [rule.alert.replace(/^LlamaServer/, ''), rule]),
        ),
      );
      const series = (name: string) =>
        `${name}{${Object.entries({ instance: 'a:8080', ...labels })
          .map(([label, value]) => `${label}="${value}"`)
          .join(',')}}`;
      const firing = (alert: string) => ({
        exp_labels: {
          severity: known.get(alert)?.labels.severity,
          ...labels,
          ...(alert === 'Absent' ? {} : { instance: 'a:8080' }),
        },
        exp_annotations: {
          summary: SUMMARIES[alert],
          description: known.get(alert)?.annotations.description,
        },
      });
      const file = join(folder, 'tests.yml');
      const tests = scenes.map(({ what, series: values, fires }) => ({
        name: what,
        interval: '1m',
        input_series: Object.entries(values).map(([name, each]) => ({ series: series(name), values: each })),
        alert_rule_test: Object.entries(fires).flatMap(([minute, names]) =>
          [...known.keys()].map((alert) => ({
            eval_time: `${minute}m`,
            alertname: `LlamaServer${alert}`,
            exp_alerts: names.includes(alert) ? [firing(alert)] : [],
          })),
        ),
      }));
      writeFileSync(file, stringify({ rule_files: ['rules.yml'], evaluation_interval: '1m', tests }));
      return spawnSync(VALIDATORS.promtool, ['test', 'rules', file], { encoding: 'utf8' });
    }

    for (const target of ['docker-compose', 'k8s'] as const) {
      it(`of ${target} fire when they should, and only then`, () => {
        const { rules, labels } = deployments[target];
        const { status, stdout, stderr } = tested(rules(), labels, SCENES);
        assert.equal(status, 0, stdout + stderr);
      });
    }

    it('are each seen to fire', () => {
      const fired = new Set(SCENES.flatMap(({ fires }) => Object.values(fires).flat()));
      assert.deepEqual([...fired].sort(), Object.keys(SUMMARIES).sort());
    });

    it('that do not fire are noticed', () => {
      const { labels } = deployments.k8s;
      const { status, stdout, stderr } = tested({ groups: alertRules(plan, 'job="other"') }, labels, SCENES);
      assert.equal(status, 1, stdout);
      assert.match(stdout + stderr, /LlamaServerDown/);
    });
  });
}
