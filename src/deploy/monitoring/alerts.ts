import { contextPerSlotOf, type DeployPlan } from '../plan.js';

/** An alert of Prometheus. */
export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: { readonly severity: 'critical' | 'warning' | 'info' };
  readonly annotations: { readonly summary: string; readonly description: string };
}

export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly AlertRule[];
}

/** Tokens a second under which readers wait for the text. */
const SLOW = 5;

/**
 * What somebody should be woken for, or see in the morning. Rates come from counters: the `*_tokens_seconds` gauges are reset
 * by every scrape, and the KV cache has no gauge any more.
 * @param selector of the server's series, e.g. `job="llama"`
 */
export function alertRules(plan: DeployPlan, selector: string): RuleGroup[] {
  const { slots } = plan;
  // A minute more than the probes allow, so that it is not told of before they have done what they can.
  const loading = plan.startSeconds + 60;
  const metric = (name: string) => `llamacpp:${name}{${selector}}`;
  const context = contextPerSlotOf(plan);
  const rule = (
    alert: string,
    severity: AlertRule['labels']['severity'],
    expr: string,
    lasting: string,
    summary: string,
    description: string,
  ): AlertRule => ({
    alert: `LlamaServer${alert}`,
    expr,
    for: lasting,
    labels: { severity },
    annotations: { summary, description },
  });
  return [
    {
      name: `${plan.options.name}-alerts`,
      rules: [
        rule(
          'Down',
          'critical',
          `up{${selector}} == 0 and max_over_time(up{${selector}}[1h]) == 1`,
          '2m',
          '{{ $labels.instance }} does not answer',
          'It answered within the last hour. See why: llamactl diagnose, and its log: llamactl explain < LOG.',
        ),
        rule(
          'Absent',
          'critical',
          `absent(up{${selector}})`,
          '5m',
          `Prometheus knows no server of ${plan.options.name}`,
          'None runs, or nobody tells Prometheus of them.',
        ),
        rule(
          'LoadingTooLong',
          'critical',
          `max_over_time(up{${selector}}[${loading}s]) == 0`,
          '1m',
          `{{ $labels.instance }} has not become ready in ${loading} s`,
          'While it loads it answers 503. A slow disk, a wrong model or a restart loop: read its log.',
        ),
        rule(
          'Saturated',
          'warning',
          `${metric('requests_processing')} >= ${slots}`,
          '10m',
          `{{ $labels.instance }}: all ${slots} slots have been busy for 10 minutes`,
          'Further requests wait. Add replicas, or slots if the memory allows.',
        ),
        rule(
          'QueueWaits',
          'warning',
          `${metric('requests_deferred')} > 0`,
          '5m',
          '{{ $labels.instance }}: {{ $value }} requests wait for a slot',
          'Their first token is late by the time of a whole answer.',
        ),
        rule(
          'SlowGeneration',
          'warning',
          `rate(${metric('tokens_predicted_total')}[10m]) / rate(${metric('tokens_predicted_seconds_total')}[10m]) < ${SLOW}`,
          '15m',
          '{{ $labels.instance }} generates {{ $value | humanize }} tokens a second for each request',
          'More threads than CPUs, layers that are not on the GPU, or a neighbour on the machine.',
        ),
        rule(
          'ContextFull',
          'info',
          `${metric('n_tokens_max')} >= ${Math.floor(context * 0.98)}`,
          '1m',
          `{{ $labels.instance }}: a request has filled the ${context} tokens of its slot`,
          'Answers are cut off there. Give slots more context, or let clients send less.',
        ),
      ],
    },
  ];
}
