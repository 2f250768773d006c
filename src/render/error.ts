import type { LlamactlError, Remedy } from '../errors/llamactl-error.js';
import { bold, dim, mark } from './symbols.js';
import { wrap } from './width.js';

/** Remedies shown with an error; the rest is a `llamactl explain` away. */
const SHOWN_REMEDIES = 3;

/**
 * A failure for people: what is wrong, the proof, what to type next. A stack only where it is our bug.
 * @param width columns
 */
export function renderError(
  error: LlamactlError,
  { width, version }: { width: number; version: string },
): string {
  const lines = [`${mark('bad')} ${bold(wrap(error.message, width - 2).replaceAll('\n', '\n  '))}`];
  if (error.type === 'INTERNAL_ERROR') return [...lines, ...bugReport(error, version)].join('\n');
  const isLocal = error.type === 'USAGE_ERROR' || error.code === 'server.not-installed';
  const evidence = error.evidence.filter((line) => line !== '');
  if (!isLocal || evidence.length > 0) lines.push('');
  if (!isLocal) lines.push(`  ${dim(error.code)}`);
  for (const piece of evidence) lines.push(renderEvidence(piece, width));
  if (error.remedies.length > 0)
    lines.push('', renderRemedies(error.remedies.slice(0, SHOWN_REMEDIES), width));
  if (!isLocal && error.remedies.length > SHOWN_REMEDIES)
    lines.push('', `  More:\n    llamactl explain ${error.code}`);
  return lines.join('\n');
}

/** Wrapped, but for an excerpt with a caret under it, whose blanks count. */
function renderEvidence(piece: string, width: number): string {
  return /\n *\^$/.test(piece) ? piece.replaceAll(/^/gm, '  ') : wrap(piece, width, '  ');
}

/** What to do: each text, its commands alone on their lines so that they can be copied. */
export function renderRemedies(remedies: readonly Remedy[], width: number): string {
  return remedies
    .flatMap(({ text, commands }) => [
      wrap(remedyText(text, commands), width, '  '),
      ...commands.map((command) => `    ${command}`),
    ])
    .join('\n');
}

/** A remedy's text; with a colon where commands follow it. */
export function remedyText(text: string, commands: readonly string[]): string {
  return commands.length === 0 || /[:?]$/.test(text) ? text : `${text}:`;
}

function bugReport(error: LlamactlError, version: string): string[] {
  const cause = error.cause instanceof Error ? error.cause : error;
  return [
    '',
    '  This is a bug in llamactl, not in your server. Please report it with the lines below.',
    '',
    `  llamactl ${version} · node ${process.version} · ${process.platform} ${process.arch}`,
    ...(cause.stack ?? '').split('\n').map((line) => `  ${line}`),
  ];
}
