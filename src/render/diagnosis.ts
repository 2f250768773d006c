import type { Finding } from '../catalogue/entry.js';
import type { CheckReport, Diagnosis } from '../diagnose/runner.js';
import { renderFacts } from './diagnosis-facts.js';
import { renderRemedies } from './error.js';
import { count, duration, plural } from './format.js';
import { bold, dim, type Mark, mark } from './symbols.js';
import { renderTable } from './table.js';
import { displayWidth, padEnd, truncate, wrap } from './width.js';

export interface DiagnosisLayout {
  readonly width: number;
  /** Each check by itself, with its time, and the facts. */
  readonly verbose: boolean;
  /** One of a fleet, whose rows stand above: without a line a layer. */
  readonly isOneOfMany?: boolean;
}

const MARKS = {
  pass: 'good',
  fail: 'bad',
  warn: 'warning',
  skip: 'skipped',
  crash: 'crashed',
} as const satisfies Record<string, Mark>;

const VERDICTS = { healthy: 'good', warning: 'warning', problem: 'bad' } as const;
const SHOWN_REMEDIES = 3;

/** One diagnosis in full; of several a row each, and those in full in which something is wrong. */
export function renderDiagnoses(diagnoses: readonly Diagnosis[], layout: DiagnosisLayout): string {
  const [only, second] = diagnoses;
  if (only !== undefined && second === undefined) return renderDiagnosis(only, layout);
  const unwell = diagnoses.filter(({ verdict }) => verdict !== 'healthy');
  return [
    renderFleet(diagnoses, layout.width),
    ...(layout.verbose ? diagnoses : unwell).map((each) =>
      renderDiagnosis(each, { ...layout, isOneOfMany: !layout.verbose }),
    ),
  ].join('\n\n');
}

/** A diagnosis for people: the cause and what to type first, then a line a layer. */
export function renderDiagnosis(diagnosis: Diagnosis, layout: DiagnosisLayout): string {
  const { verdict, findings } = diagnosis;
  const [first, ...others] = findings;
  if (verdict === 'healthy' || first === undefined) return renderHealthy(diagnosis, layout);
  const { width } = layout;
  const skipped = diagnosis.checks.filter(({ status }) => status === 'skip').length;
  return [
    headline(VERDICTS[verdict], `${nameOf(diagnosis)} · ${first.title}`, width),
    '',
    renderFinding(first, width),
    ...others
      .filter(({ severity }) => severity !== 'info')
      .flatMap((other) => ['', renderOther(other, width)]),
    ...(layout.isOneOfMany ? [] : elsewhere(diagnosis, width)),
    '',
    ...(layout.isOneOfMany ? [] : [renderChecks(diagnosis, layout)]),
    ...(layout.verbose ? ['', renderFacts(diagnosis, width), ''] : []),
    lastLine(
      [
        howMany(findings),
        ...(skipped > 0 ? [`${plural(skipped, 'check')} not run`] : []),
        duration(diagnosis.durationMs),
      ],
      first.code === 'config.invalid' ? [] : [`llamactl explain ${first.code}`],
      width,
    ),
  ].join('\n');
}

/** The sum, and what to type for more: where it does not fit on the line, on one of its own, so that it can be copied. */
function lastLine(sum: readonly string[], more: readonly string[], width: number): string {
  const line = [...sum, ...more].join(' · ');
  return displayWidth(line) <= width ? line : [wrap(sum.join(' · '), width), ...more].join('\n');
}

/** `1 problem, 2 warnings`. */
function howMany(findings: readonly Finding[]): string {
  const of = (wanted: Finding['severity']) => findings.filter(({ severity }) => severity === wanted).length;
  const counts = [
    [of('error'), 'problem'],
    [of('warning'), 'warning'],
  ] as const;
  return counts.flatMap(([times, what]) => (times === 0 ? [] : [plural(times, what)])).join(', ');
}

function renderFleet(diagnoses: readonly Diagnosis[], width: number): string {
  const table = renderTable(
    [{ title: '' }, { title: 'SERVER' }, { title: 'ROOT CAUSE' }, { title: 'WHAT' }],
    diagnoses.map((diagnosis) => [
      mark(VERDICTS[diagnosis.verdict]),
      nameAmong(diagnosis, diagnoses),
      diagnosis.rootCause ?? '–',
      (diagnosis.verdict === 'healthy' ? undefined : diagnosis.findings[0]?.title) ?? aboutServer(diagnosis),
    ]),
  );
  const unwell = diagnoses.filter(({ verdict }) => verdict !== 'healthy').length;
  const total = `${plural(diagnoses.length, 'server')}, ${unwell === 0 ? 'all healthy' : `${unwell} unwell`}`;
  return [...table.split('\n').map((line) => truncate(line, width)), '', total].join('\n');
}

function headline(symbol: Mark, text: string, width: number): string {
  return `${mark(symbol)} ${bold(wrap(text, width - 2).replaceAll('\n', '\n  '))}`;
}

function renderFinding(finding: Finding, width: number): string {
  const follows = finding.consequenceOf === undefined ? '' : ` (follows from ${finding.consequenceOf})`;
  return [
    `  ${dim(finding.code)}${follows}`,
    ...finding.evidence.map((line) => wrap(line, width, '  ')),
    ...(finding.remedies.length > 0
      ? ['', renderRemedies(finding.remedies.slice(0, SHOWN_REMEDIES), width)]
      : []),
  ].join('\n');
}

function renderOther(finding: Finding, width: number): string {
  const symbol = mark(finding.severity === 'error' ? 'bad' : 'warning');
  return [
    `  ${symbol} ${wrap(finding.title, width - 4).replaceAll('\n', '\n    ')}`,
    renderFinding({ ...finding, remedies: finding.remedies.slice(0, 1) }, width),
  ].join('\n');
}

/** What else answers on this machine, where nobody said which server is meant. */
function elsewhere({ discovered, url }: Diagnosis, width: number): string[] {
  const others = (discovered ?? []).filter((server) => server.url !== url);
  if (others.length === 0) return [];
  const list = others.map((server) => `${server.url} (${server.kind})`).join(', ');
  return ['', wrap(`Also on this machine: ${list}`, width, '  ')];
}

function renderChecks({ checks }: Diagnosis, { width, verbose }: DiagnosisLayout): string {
  return verbose ? renderEachCheck(checks, width) : renderLayers(checks, width);
}

/** A line a layer: its worst check, or what its checks saw. */
function renderLayers(checks: readonly CheckReport[], width: number): string {
  const layers = new Map<string, CheckReport[]>();
  for (const check of checks) {
    const name = check.id.slice(0, check.id.indexOf('.'));
    layers.set(name, [...(layers.get(name) ?? []), check]);
  }
  const nameWidth = Math.max(...[...layers.keys()].map((name) => name.length));
  return [...layers]
    .map(([name, members]) => {
      const worst = worstOf(members);
      const shown = worst.status === 'pass' ? members.filter(({ status }) => status === 'pass') : [worst];
      const text = fitting(
        shown.map(({ reason = '' }) => reason),
        width - nameWidth - 6,
      );
      return `  ${padEnd(name, nameWidth)}  ${mark(MARKS[worst.status])} ${text}`;
    })
    .join('\n');
}

/** As many of the parts as fit on a line; the first one cut where it alone does not. */
function fitting(parts: readonly string[], width: number): string {
  const [first = '', ...rest] = parts;
  let line = truncate(first, width);
  for (const part of rest) {
    const longer = `${line} · ${part}`;
    if (displayWidth(longer) > width) break;
    line = longer;
  }
  return line;
}

const WORST_FIRST: readonly CheckReport['status'][] = ['crash', 'fail', 'warn', 'pass', 'skip'];

function worstOf(members: readonly CheckReport[]): CheckReport {
  const [worst = { id: '', status: 'skip', durationMs: 0 }] = [...members].sort(
    (a, b) => WORST_FIRST.indexOf(a.status) - WORST_FIRST.indexOf(b.status),
  );
  return worst;
}

function renderEachCheck(checks: readonly CheckReport[], width: number): string {
  const nameWidth = Math.max(...checks.map(({ id }) => id.length));
  return checks
    .map(({ id, status, reason = '', durationMs }) => {
      const time = durationMs > 0 ? duration(durationMs) : '';
      const line = `  ${padEnd(id, nameWidth)}  ${mark(MARKS[status])} `;
      return `${line}${wrap(`${reason}${time === '' ? '' : ` · ${time}`}`, width - nameWidth - 6).replaceAll('\n', `\n${' '.repeat(nameWidth + 6)}`)}`;
    })
    .join('\n');
}

function renderHealthy(diagnosis: Diagnosis, layout: DiagnosisLayout): string {
  const { checks, findings } = diagnosis;
  const { width, verbose } = layout;
  const reason = (id: string) => checks.find((check) => check.id === id && check.status === 'pass')?.reason;
  const speed = [reason('generation.answers'), reason('generation.speed')].filter(
    (part) => part !== undefined,
  );
  const ran = checks.filter(({ status }) => status !== 'skip').length;
  const asleep = checks.find(({ id, status }) => id === 'generation.answers' && status === 'skip')?.reason;
  return [
    headline('good', `${nameOf(diagnosis)} · ${aboutServer(diagnosis)}`, width),
    ...(speed.length > 0 ? [wrap(speed.join(' · '), width, '  ')] : []),
    ...(asleep === undefined ? [] : [wrap(`no answer was asked for: ${asleep}`, width, '  ')]),
    ...findings.map(({ title }) => wrap(`note: ${title}`, width, '  ')),
    ...elsewhere(diagnosis, width).filter((line) => line !== ''),
    ...(verbose ? ['', renderEachCheck(checks, width), '', renderFacts(diagnosis, width), ''] : []),
    `  ${plural(ran, 'check')} in ${duration(diagnosis.durationMs)}`,
  ].join('\n');
}

/** `llama.cpp v0.6.0, qwen3-4b Q4_K_M, 4 slots of 8,192 tokens`. */
function aboutServer({ facts, checks }: Diagnosis): string {
  const props = facts.props.state === 'known' ? facts.props.value : null;
  const models = facts.models.state === 'known' ? facts.models.value : [];
  const [model] = models;
  const perSlot = props?.default_generation_settings?.n_ctx ?? model?.contextPerSlot ?? null;
  if (facts.program !== 'llama.cpp') return aboutOther(facts, checks);
  // With --only nobody may have asked who it is.
  if (props === null && facts.health.state !== 'known' && models.length === 0) {
    const passed = checks.filter(({ status }) => status === 'pass');
    return passed.map(({ id, reason }) => `${id}: ${reason ?? 'well'}`).join(', ');
  }
  return [
    `llama.cpp${props?.build_info ? ` ${props.build_info}` : ''}`,
    ...(props?.role === 'router'
      ? [`router of ${plural(models.length, 'model')}`]
      : model === undefined
        ? []
        : [[baseName(model.id), model.quantization].filter(Boolean).join(' ')]),
    ...(perSlot && props?.total_slots
      ? [`${plural(props.total_slots, 'slot')} of ${count(perSlot)} tokens`]
      : []),
    ...(props?.is_sleeping ? [facts.generation.state === 'known' ? 'was asleep' : 'asleep'] : []),
  ].join(', ');
}

/** `Ollama 0.12.3, qwen3:4b Q4_K_M, 8,192 tokens`. */
function aboutOther({ program, models, window }: Diagnosis['facts'], checks: readonly CheckReport[]): string {
  const identity = checks.find(({ id, status }) => id === 'server.identity' && status === 'pass');
  const { model: name = null, tokens = null } = window.state === 'known' ? window.value : {};
  const list = models.state === 'known' ? models.value : [];
  const model = list.find(({ id }) => id === name);
  return [
    identity?.reason ?? program,
    ...(list.length === 0 ? [] : [plural(list.length, 'model')]),
    ...(model === undefined ? [] : [[model.id, model.quantization].filter(Boolean).join(' ')]),
    ...(tokens === null ? [] : [`${count(tokens)} tokens`]),
  ].join(', ');
}

/** A model without an alias is called by its path. */
function baseName(id: string): string {
  return /\.gguf$/i.test(id) ? id.slice(Math.max(id.lastIndexOf('/'), id.lastIndexOf('\\')) + 1) : id;
}

/** Of a target with several servers each one's host stands behind the name. */
function nameAmong(diagnosis: Diagnosis, all: readonly Diagnosis[]): string {
  const { target, url } = diagnosis;
  const isOneOf = target !== null && all.filter((other) => other.target === target).length > 1;
  return isOneOf ? `${target} ${url.replace(/^https?:\/\//, '')}` : nameOf(diagnosis);
}

function nameOf({ target, url }: Diagnosis): string {
  return target ?? url.replace(/^http:\/\//, '');
}
