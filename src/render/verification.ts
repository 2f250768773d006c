import type { ManifestFinding, Verification } from '../deploy/verify/verify.js';
import { renderRemedies } from './error.js';
import { plural } from './format.js';
import { bold, dim, mark } from './symbols.js';
import { wrap } from './width.js';

/** What was found: a block a file, in it a paragraph a flaw, with its line and what to write instead. */
export function renderVerification({ findings, servers }: Verification, width: number): string {
  const files = [...new Set([...findings, ...servers].map(({ file }) => file))];
  const blocks = files.map((file) => {
    const own = findings.filter((finding) => finding.file === file);
    const names = servers.filter((server) => server.file === file).map(({ name }) => name);
    return renderFile(file, own, names, width);
  });
  return [...blocks, summaryOf(findings, servers.length)].join('\n\n');
}

function renderFile(
  file: string,
  findings: readonly ManifestFinding[],
  servers: readonly string[],
  width: number,
): string {
  const worst = findings.some(({ severity }) => severity === 'error')
    ? 'bad'
    : findings.length > 0
      ? 'warning'
      : 'good';
  const names = servers.length === 0 ? '' : ` · ${servers.join(', ')}`;
  return [
    `${mark(worst)} ${bold(file)}${names}`,
    ...findings.flatMap((finding) => renderFinding(finding, width)),
  ].join('\n');
}

function renderFinding(
  { severity, title, line, path, evidence, remedies }: ManifestFinding,
  width: number,
): string[] {
  const symbol = mark(severity === 'error' ? 'bad' : 'warning');
  return [
    '',
    `  ${symbol} ${wrap(title, width - 4).replaceAll('\n', '\n    ')}`,
    `    ${dim(path === '' ? `line ${line}` : `line ${line}: ${path}`)}`,
    ...evidence.map((each) => wrap(each, width, '    ')),
    ...(remedies.length === 0 ? [] : [renderRemedies(remedies, width - 2).replace(/^/gm, '  ')]),
  ];
}

function summaryOf(findings: readonly ManifestFinding[], servers: number): string {
  const number = (severity: string) => findings.filter((finding) => finding.severity === severity).length;
  const [errors, warnings] = [number('error'), number('warning')];
  const counts = [
    ...(errors > 0 ? [plural(errors, 'error')] : []),
    ...(warnings > 0 ? [plural(warnings, 'warning')] : []),
  ];
  return `${counts.length === 0 ? 'nothing is wrong' : counts.join(', ')} · ${plural(servers, 'server')}`;
}
