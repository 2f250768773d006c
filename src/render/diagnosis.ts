import type { Finding } from '../catalogue/entry.js';
import type { Diagnosis } from '../diagnose/runner.js';
import { renderRemedies } from './error.js';
import { count, duration, plural, rate } from './format.js';
import { bold, dim, type Mark, mark } from './symbols.js';
import { padEnd, truncate, wrap } from './width.js';

const MARKS = {
  pass: 'good',
  fail: 'bad',
  warn: 'warning',
  skip: 'skipped',
  crash: 'crashed',
} as const satisfies Record<string, Mark>;

/** A diagnosis for people: the cause and what to type first, then a line a check. */
export function renderDiagnosis(diagnosis: Diagnosis, width: number): string {
  const { verdict, findings } = diagnosis;
  if (verdict === 'healthy') return renderHealthy(diagnosis, width);
  const [first, ...others] = findings;
  if (first === undefined) return renderHealthy(diagnosis, width);
  const symbol = verdict === 'problem' ? 'bad' : 'warning';
  const headline = wrap(`${nameOf(diagnosis)} · ${first.title}`, width - 2).replaceAll('\n', '\n  ');
  const skipped = diagnosis.checks.filter(({ status }) => status === 'skip').length;
  return [
    `${mark(symbol)} ${bold(headline)}`,
    '',
    renderFinding(first, width),
    ...others.flatMap((finding) => [
      '',
      `  ${mark(finding.severity === 'error' ? 'bad' : 'warning')} ${wrap(finding.title, width - 4).replaceAll('\n', '\n    ')}`,
      renderFinding(finding, width),
    ]),
    '',
    renderChecks(diagnosis, width),
    [
      plural(findings.length, 'problem'),
      ...(skipped > 0 ? [`${plural(skipped, 'check')} not run`] : []),
      duration(diagnosis.durationMs),
      `llamactl explain ${first.code}`,
    ].join(' · '),
  ].join('\n');
}

function renderFinding(finding: Finding, width: number): string {
  return [
    `  ${dim(finding.code)}`,
    ...finding.evidence.map((line) => wrap(line, width, '  ')),
    ...(finding.remedies.length > 0 ? ['', renderRemedies(finding.remedies.slice(0, 3), width)] : []),
  ].join('\n');
}

function renderChecks({ checks }: Diagnosis, width: number): string {
  const nameWidth = Math.max(...checks.map(({ id }) => id.length));
  return checks
    .map(
      ({ id, status, reason = '' }) =>
        `  ${padEnd(id, nameWidth)}  ${mark(MARKS[status])} ${truncate(reason, width - nameWidth - 6)}`,
    )
    .join('\n');
}

function renderHealthy(diagnosis: Diagnosis, width: number): string {
  const { facts, checks } = diagnosis;
  const props = facts.props.state === 'known' ? facts.props.value : null;
  const models = facts.models.state === 'known' ? facts.models.value : [];
  const [model] = models;
  const perSlot = props?.default_generation_settings?.n_ctx ?? model?.contextPerSlot ?? null;
  const isRouter = props?.role === 'router';
  const about = [
    `llama.cpp${props?.build_info ? ` ${props.build_info}` : ''}`,
    ...(isRouter
      ? [`router of ${plural(models.length, 'model')}`]
      : model === undefined
        ? []
        : [[model.id, model.quantization].filter(Boolean).join(' ')]),
    ...(perSlot && props?.total_slots
      ? [`${plural(props.total_slots, 'slot')} of ${count(perSlot)} tokens`]
      : []),
    ...(props?.is_sleeping ? ['asleep'] : []),
  ].join(', ');
  const generation = facts.generation.state === 'known' ? facts.generation.value : null;
  const speed =
    generation === null
      ? []
      : [
          [
            `first token ${duration(generation.firstTokenMs)}`,
            ...(generation.promptTokensPerSecond === null
              ? []
              : [`prompt ${rate(generation.promptTokensPerSecond)} tokens/s`]),
          ].join(' · '),
        ];
  const skipped = checks.filter(({ status }) => status === 'skip');
  return [
    `${mark('good')} ${wrap(`${nameOf(diagnosis)} · ${about}`, width - 2).replaceAll('\n', '\n  ')}`,
    ...speed.map((line) => wrap(line, width, '  ')),
    ...skipped.map(({ id, reason }) => wrap(`${id}: ${reason}`, width, '  ')),
    `  ${plural(checks.length - skipped.length, 'check')} in ${duration(diagnosis.durationMs)}`,
  ].join('\n');
}

function nameOf({ target, url }: Diagnosis): string {
  return target ?? url.replace(/^http:\/\//, '');
}
