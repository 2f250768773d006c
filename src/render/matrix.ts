import type { Feature, Measurement, Result } from '../services/compatibility/feature.js';
import type { Matrix } from '../services/compatibility/matrix.js';
import { duration } from './format.js';
import { bold, dim, type Mark, mark, SYMBOLS } from './symbols.js';
import { hanging, padEnd } from './width.js';

const MARKS: Readonly<Record<Result, Mark>> = {
  yes: 'good',
  partly: 'partly',
  no: 'bad',
  untested: 'skipped',
};

/** As the specification names them. */
const TITLES: Readonly<Record<Feature, string>> = {
  chat: 'Chat Completions',
  streaming: 'Streaming',
  tools: 'Tool Calling',
  'model-switching': 'Model Switching',
  'context-detection': 'Context Detection',
  authentication: 'Authentication',
  multimodal: 'Multimodal',
  embeddings: 'Embeddings',
  'structured-output': 'Structured Output',
  reasoning: 'Reasoning',
  logprobs: 'Log Probabilities',
};

/** Matrices for the terminal, one below the other. */
export function renderMatrices(matrices: readonly Matrix[], width: number): string {
  return matrices.map((matrix) => renderMatrix(matrix, width)).join('\n\n');
}

function renderMatrix({ matrix, error, durationMs, ...about }: Matrix, width: number): string {
  const { name, provider, url, build, model } = about;
  const column = Math.max(0, ...matrix.map(({ feature }) => feature.length)) + 2;
  return [
    hanging(
      [name === null ? url : `${bold(name)} · ${url}`, provider, build, model]
        .filter((part) => part !== null)
        .join(' · '),
      width,
      '',
    ),
    ...(matrix.length === 0 ? [] : ['']),
    ...matrix.map(({ feature, result, evidence }) =>
      hanging(evidence, width, `${mark(MARKS[result])} ${padEnd(feature, column)}`),
    ),
    ...(error === undefined
      ? []
      : ['', hanging(`${error.message} (${error.code})`, width, `${mark('bad')} `)]),
    ...(matrix.length === 0 ? [] : ['', dim(`${tally(matrix)} · ${duration(durationMs)}`)]),
  ].join('\n');
}

function tally(matrix: readonly Measurement[]): string {
  return (Object.keys(MARKS) as Result[])
    .flatMap((result) => {
      const count = matrix.filter((row) => row.result === result).length;
      return count === 0 ? [] : [`${SYMBOLS[MARKS[result]]} ${count} ${result}`];
    })
    .join(', ');
}

/** The table of the documentation: a column a server, then what was seen of each. */
export function matricesMarkdown(matrices: readonly Matrix[]): string {
  const features =
    matrices.find(({ matrix }) => matrix.length > 0)?.matrix.map(({ feature }) => feature) ?? [];
  const titles = matrices.map((matrix) => titleOf(matrix, matrices));
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rowOf = ({ matrix }: Matrix, feature: Feature) => matrix.find((each) => each.feature === feature);
  return [
    row(['Feature', ...titles]),
    row(['---', ...matrices.map(() => '---')]),
    ...features.map((feature) =>
      row([
        TITLES[feature],
        ...matrices.map((matrix) => SYMBOLS[MARKS[rowOf(matrix, feature)?.result ?? 'untested']]),
      ]),
    ),
    '',
    '✓ yes, ⚠ partly, ✗ no, – not tested',
    ...matrices.flatMap((matrix, index) => ['', `**${titles[index]}**`, '', ...evidenceOf(matrix)]),
  ].join('\n');
}

function evidenceOf({ matrix, error }: Matrix): string[] {
  return [
    ...matrix.map(
      ({ feature, result, evidence }) =>
        `- ${SYMBOLS[MARKS[result]]} ${TITLES[feature]}: ${inline(evidence)}`,
    ),
    ...(error === undefined ? [] : [`- ${SYMBOLS.bad} ${inline(error.message)} (\`${error.code}\`)`]),
  ];
}

/** The servers of one target share its name. */
function titleOf({ name, url }: Matrix, all: readonly Matrix[]): string {
  const isShared = all.filter((each) => each.name === name).length > 1;
  return inline(name === null ? url : isShared ? `${name} ${url.replace(/^https?:\/\//, '')}` : name);
}

function inline(text: string): string {
  return text.replace(/[\\*_[\]<>#|`]/g, '\\$&').replace(/\s*\n\s*/g, ' ');
}
