import { nearest } from '../../../errors/nearest.js';
import { entries, get, list, type Manifest, type Path, text } from '../manifest.js';
import { advice, type Flaw, type Rule } from '../rule.js';

/** What `/metrics` of b11434 lists, after `llamacpp:`. */
const KNOWN = [
  'prompt_tokens_total',
  'prompt_tokens_cached_total',
  'prompt_seconds_total',
  'tokens_predicted_total',
  'tokens_predicted_seconds_total',
  'n_decode_total',
  'spec_decode_num_drafts_total',
  'spec_decode_num_draft_tokens_total',
  'spec_decode_num_accepted_tokens_total',
  'requests_processing',
  'requests_deferred',
  'n_busy_slots_per_decode',
  'n_tokens_max',
  'prompt_tokens_seconds',
  'predicted_tokens_seconds',
];
const SCALERS = /^(?:ScaledObject|HorizontalPodAutoscaler)$/;

/** Alerts, dashboards and scalers on series that are not there never fire, and never scale. */
export const metrics: Rule = {
  id: 'metrics',
  title: 'metrics that llama-server has',
  find: ({ manifests, servers }) =>
    manifests.flatMap((manifest) => {
      const recorded = recordsOf(manifest.value);
      const scales = SCALERS.test(text(get(manifest.value, 'kind')) ?? '');
      const flaws = textsOf(manifest.value).flatMap(([at, given]) =>
        ofText(manifest, at, given, recorded, scales),
      );
      const targets = servers.map(({ manifest: { value } }) => text(get(value, 'metadata', 'name')));
      return [...flaws, ...(scales ? scaledOnCpu(manifest, targets) : [])];
    }),
};

function ofText(
  manifest: Manifest,
  at: Path,
  given: string,
  recorded: ReadonlySet<string>,
  scales: boolean,
): Flaw[] {
  const seen = new Set<string>();
  return [...given.matchAll(/(?<!\/)\bllamacpp[:_]([a-z_]*[a-z])\b(?!:)/g)].flatMap(([whole, name = '']) => {
    if (seen.has(name) || recorded.has(whole)) return [];
    seen.add(name);
    const flaw = ofName(name, whole, scales);
    return flaw === null ? [] : [{ ...flaw, manifest, at, word: whole }];
  });
}

function ofName(name: string, whole: string, scales: boolean): Omit<Flaw, 'manifest' | 'at'> | null {
  if (/^kv_cache_(?:usage_ratio|tokens)$/.test(name)) {
    return {
      code: 'config.invalid',
      severity: 'error',
      title: `${whole} is gone: no build of today tells how full the KV cache is`,
      remedies: advice(
        'Take how many requests are answered and wait:',
        'llamacpp:requests_processing',
        'llamacpp:requests_deferred',
      ),
    };
  }
  if (!KNOWN.includes(name)) {
    const close = nearest(name, KNOWN);
    return {
      code: 'config.invalid',
      severity: 'error',
      title: `${whole} is no metric of llama-server`,
      remedies:
        close === null
          ? advice('See what there is:', 'curl http://localhost:8080/metrics')
          : advice('Probably meant:', `llamacpp:${close}`),
    };
  }
  if (!/^(?:prompt|predicted)_tokens_seconds$/.test(name)) return null;
  return {
    code: 'config.invalid',
    severity: 'warning',
    title: `${whole} is reset by every scrape${scales ? ', and says nothing of the load' : ''}: two Prometheus spoil each other's figures`,
    remedies: scales
      ? advice(
          'Scale on the requests:',
          'sum(llamacpp:requests_processing) + sum(llamacpp:requests_deferred)',
        )
      : advice(
          'Take the counters:',
          name.startsWith('prompt')
            ? 'rate(llamacpp:prompt_tokens_total[5m]) / rate(llamacpp:prompt_seconds_total[5m])'
            : 'rate(llamacpp:tokens_predicted_total[5m]) / rate(llamacpp:tokens_predicted_seconds_total[5m])',
        ),
  };
}

/** CPU is at its limit with one request, and idle while the GPU works. */
function scaledOnCpu(manifest: Manifest, targets: readonly (string | null)[]): Flaw[] {
  const target = text(get(manifest.value, 'spec', 'scaleTargetRef', 'name'));
  if (target === null || !targets.includes(target)) return [];
  const spec = get(manifest.value, 'spec');
  const places: [Path, unknown][] = [
    ...list(get(spec, 'metrics')).map((each, index): [Path, unknown] => [
      ['spec', 'metrics', index],
      get(each, 'resource', 'name'),
    ]),
    ...list(get(spec, 'triggers')).map((each, index): [Path, unknown] => [
      ['spec', 'triggers', index],
      get(each, 'type'),
    ]),
    [
      ['spec', 'targetCPUUtilizationPercentage'],
      get(spec, 'targetCPUUtilizationPercentage') === undefined ? null : 'cpu',
    ],
  ];
  return places
    .filter(([, what]) => what === 'cpu' || what === 'memory')
    .map(([at, what]) => ({
      code: 'config.invalid',
      severity: 'warning',
      title: `scaling on ${String(what)} says nothing: it is the same with one request and with a hundred`,
      remedies: advice(
        'Scale on the requests:',
        'sum(llamacpp:requests_processing) + sum(llamacpp:requests_deferred)',
      ),
      manifest,
      at,
    }));
}

/** Names that recording rules give. */
function recordsOf(value: unknown): ReadonlySet<string> {
  const groups = [...list(get(value, 'groups')), ...list(get(value, 'spec', 'groups'))];
  return new Set(
    groups.flatMap((group) => list(get(group, 'rules')).flatMap((rule) => text(get(rule, 'record')) ?? [])),
  );
}

/** What Prometheus or a scaler is asked for; elsewhere `llamacpp:…` may be an image, and `llamacpp_…` a volume. */
const QUERIES = /^(?:expr|query|definition|metricsQuery|seriesQuery|metricName)$/;

function textsOf(value: unknown, at: Path = []): [Path, string][] {
  if (typeof value === 'string') {
    const isQuery = QUERIES.test(String(at.at(-1))) || at.slice(-2).join('.') === 'metric.name';
    // A file in a ConfigMap: a dashboard, or rules.
    const isFile = value.includes('\n') && /\bexpr"?:/.test(value);
    return value.includes('llamacpp') && (isQuery || isFile) ? [[at, value]] : [];
  }
  if (Array.isArray(value)) return value.flatMap((item, index) => textsOf(item, [...at, index]));
  return entries(value).flatMap(([name, item]) => textsOf(item, [...at, name]));
}
