import type { DeployPlan } from '../plan.js';

/** Columns of Grafana's grid. */
const COLUMNS = 24;
const HEIGHT = 8;

interface Panel {
  readonly title: string;
  readonly description: string;
  readonly unit: string;
  readonly width: number;
  readonly type: 'timeseries' | 'stat';
  readonly targets: readonly (readonly [expr: string, legend: string])[];
}

/**
 * A dashboard of Grafana: is it up, is it full, is it fast. Rates come from counters, as in the alerts.
 * @param selector of the server's series, e.g. `job="llama"`
 * @returns JSON, indented
 */
export function dashboardJson(plan: DeployPlan, selector: string): string {
  const { slots, options } = plan;
  const metric = (name: string) => `llamacpp:${name}{${selector}}`;
  const perSecond = (name: string) => `rate(${metric(name)}[$__rate_interval])`;
  const panels: readonly Panel[] = [
    {
      title: 'Servers that answer',
      description: 'Of those that Prometheus knows. One that loads does not count.',
      unit: 'none',
      width: 4,
      type: 'stat',
      targets: [[`sum(up{${selector}})`, 'up']],
    },
    {
      title: 'Requests',
      description: `Being answered (${slots} slots a server), and waiting for a slot.`,
      unit: 'none',
      width: 10,
      type: 'timeseries',
      targets: [
        [`sum(${metric('requests_processing')})`, 'answered'],
        [`sum(${metric('requests_deferred')})`, 'waiting'],
        [`sum(up{${selector}}) * ${slots}`, 'slots'],
      ],
    },
    {
      title: 'Tokens a second, all servers',
      description: 'Counted when a request ends, so that it comes in steps.',
      unit: 'none',
      width: 10,
      type: 'timeseries',
      targets: [
        [`sum(${perSecond('tokens_predicted_total')})`, 'generated'],
        [`sum(${perSecond('prompt_tokens_total')})`, 'prompt'],
      ],
    },
    {
      title: 'Speed of one request',
      description: 'Tokens a second while generating, and while reading a prompt.',
      unit: 'none',
      width: 12,
      type: 'timeseries',
      targets: [
        [
          `${perSecond('tokens_predicted_total')} / ${perSecond('tokens_predicted_seconds_total')}`,
          'generation {{instance}}',
        ],
        [`${perSecond('prompt_tokens_total')} / ${perSecond('prompt_seconds_total')}`, 'prompt {{instance}}'],
      ],
    },
    {
      title: 'Longest request since the start',
      description: 'Tokens in a slot. At the slot size answers are cut off.',
      unit: 'none',
      width: 12,
      type: 'timeseries',
      targets: [[metric('n_tokens_max'), '{{instance}}']],
    },
  ];
  const dashboard = {
    uid: `llamactl-${options.name}`,
    title: `llama-server ${options.name}`,
    tags: ['llama.cpp'],
    schemaVersion: 39,
    editable: true,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    templating: {
      list: [{ name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Data source' }],
    },
    panels: placed(panels),
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

function placed(panels: readonly Panel[]): unknown[] {
  let x = 0;
  let y = 0;
  return panels.map(({ width, unit, targets, ...panel }, index) => {
    if (x + width > COLUMNS) {
      x = 0;
      y += HEIGHT;
    }
    const gridPos = { x, y, w: width, h: HEIGHT };
    x += width;
    return {
      id: index + 1,
      ...panel,
      datasource: { type: 'prometheus', uid: '$datasource' },
      gridPos,
      fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
      targets: targets.map(([expr, legendFormat], target) => ({
        refId: String.fromCharCode(65 + target),
        expr,
        legendFormat,
      })),
    };
  });
}
