import type { Frame } from '../config/frame.js';
import type { Problem } from '../config/problem.js';
import type { CheckedFile, Validation } from '../services/config-validate.js';
import { plural } from './format.js';
import { bold, dim, mark } from './symbols.js';
import { wrap } from './width.js';

/** Frames at most in a file: after so many, places say enough. */
const FRAMES = 12;

/** What was found, a block a file: places, messages, the lines of errors, what to do about warnings. */
export function renderValidation({ files, shadowed }: Validation, width: number): string {
  const blocks = files.map((file) => renderFile(file, width));
  if (shadowed === null) return blocks.join('\n\n');
  const others =
    shadowed.length === 0
      ? []
      : [wrap(`Not read, since the first file wins: ${shadowed.join(', ')}`, width, '  ')];
  return [...blocks, ...others].join('\n');
}

function renderFile({ document, targets, frameOf }: CheckedFile, width: number): string {
  const { file, problems } = document;
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const warnings = problems.length - errors;
  if (problems.length === 0)
    return `${mark('good')} ${bold(file)}${targets === null ? '' : ` · ${plural(targets, 'target')}`}`;
  const counts = [errors > 0 ? plural(errors, 'error') : '', warnings > 0 ? plural(warnings, 'warning') : ''];
  const head = `${mark(errors > 0 ? 'bad' : 'warning')} ${bold(file)} · ${counts.filter(Boolean).join(', ')}`;
  const column = Math.max(...problems.map((problem) => placeOf(problem).length));
  let frames = 0;
  const first = [...problems].sort((a, b) => Number(a.severity !== 'error') - Number(b.severity !== 'error'));
  const lines = first.flatMap((problem) => {
    const frame = problem.severity === 'error' && frames < FRAMES ? frameOf(problem) : null;
    if (frame !== null) frames++;
    return renderProblem(problem, frame, column, width);
  });
  return [head, '', ...lines].join('\n');
}

function renderProblem(problem: Problem, frame: Frame | null, column: number, width: number): string[] {
  const { severity, path, message, suggestion } = problem;
  const label = severity === 'error' ? 'error' : 'warn ';
  const start = `  ${placeOf(problem).padEnd(column)}  ${label}  `;
  const indent = ' '.repeat(start.length);
  const text = wrap(`${path === '' ? '' : `${path}: `}${message}`, width, indent).slice(indent.length);
  const repeats = suggestion !== undefined && /did you mean/.test(message);
  // A command is one line, so that it can be copied.
  const advice =
    suggestion === undefined || repeats
      ? []
      : [
          /^(?:llamactl|chmod|install|export) /.test(suggestion)
            ? `${indent}${suggestion}`
            : wrap(suggestion, width, indent),
        ];
  return [`${start}${text}`, ...(frame === null ? [] : renderFrame(frame)), ...advice];
}

function renderFrame({ before, line, indent, width }: Frame): string[] {
  const gutter = String(line.number).length;
  const row = (sign: string, number: string, text: string) =>
    `  ${sign} ${number.padStart(gutter)} | ${text}`.trimEnd();
  return [
    ...(before === null ? [] : [dim(row(' ', String(before.number), before.text))]),
    row('>', String(line.number), line.text),
    row(' ', '', `${' '.repeat(indent)}${'^'.repeat(width)}`),
  ];
}

function placeOf({ line, column }: Problem): string {
  return `${line}:${column}`;
}
