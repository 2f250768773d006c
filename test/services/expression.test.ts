import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LlamactlError } from '../../src/errors/llamactl-error.js';
import { renderError } from '../../src/render/error.js';
import {
  compare,
  DURATION_UNITS,
  OPERATORS,
  parseExpression,
  type Terms,
} from '../../src/services/expression.js';

const TERMS: Terms = {
  'ttft.p95': { kind: 'number', units: DURATION_UNITS, example: 'ttft.p95<=500ms' },
  errors: { kind: 'number', units: { '': 1, '%': 0.01 }, example: 'errors<=1%' },
  model: { kind: 'text', example: 'model=qwen3' },
  tools: { kind: 'flag', example: 'tools' },
};
const parse = (text: string) => parseExpression(text, TERMS, '--slo');

/** The excerpt with the caret, and what is said. */
function complaint(text: string): { readonly message: string; readonly excerpt: string } {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof LlamactlError) return { message: error.message, excerpt: error.evidence.join('\n') };
  }
  throw new Error(`${text} was read`);
}

describe('an expression', () => {
  it('compares a name with a number in any of its units', () => {
    assert.deepEqual(parse(' ttft.p95 <= 0.5 s '), {
      text: 'ttft.p95 <= 0.5 s',
      name: 'ttft.p95',
      kind: 'number',
      operator: '<=',
      value: 500,
      unit: 's',
    });
    assert.deepEqual(
      { ...parse('errors<1%') },
      {
        text: 'errors<1%',
        name: 'errors',
        kind: 'number',
        operator: '<',
        value: 0.01,
        unit: '%',
      },
    );
    assert.deepEqual(
      { ...parse('errors==1_000') },
      {
        text: 'errors==1_000',
        name: 'errors',
        kind: 'number',
        operator: '=',
        value: 1000,
        unit: '',
      },
    );
  });

  it('compares a name with a text, or stands alone', () => {
    assert.deepEqual(parse('model != a b'), {
      text: 'model != a b',
      name: 'model',
      kind: 'text',
      operator: '!=',
      value: 'a b',
    });
    assert.deepEqual(parse('tools'), { text: 'tools', name: 'tools', kind: 'flag' });
  });

  for (const [text, message, caret] of [
    ['', 'a name is missing', 0],
    ['<=500ms', 'a name is missing', 0],
    ['ttft.p96<=500ms', 'there is no ttft.p96, did you mean ttft.p95?', 0],
    [' constructor>1', 'there is no constructor', 1],
    ['ttft.p95', 'a comparison is missing: <= >= != < > =', 8],
    ['ttft.p95 =< 5ms', '=< is none of the comparisons: <= >= != < > =', 9],
    ['ttft.p95<=', 'what ttft.p95 is compared with is missing, e.g. ttft.p95<=500ms', 10],
    ['ttft.p95 <= fast', 'a number is missing, e.g. ttft.p95<=500ms', 12],
    ['ttft.p95<=1.2.3ms', 'a number is missing, e.g. ttft.p95<=500ms', 10],
    ['ttft.p95<=500', 'a unit is missing: 500us or 500ms or 500s or 500m or 500h', 13],
    ['errors<=1 ‰', '‰ is no unit of errors: 1%', 10],
    ['model>=a', '>= is none of the comparisons: = !=', 5],
    ['tools=yes', 'tools stands alone', 5],
  ] as const) {
    it(`that cannot be read is pointed into: ${JSON.stringify(text)}`, () => {
      assert.deepEqual(complaint(text), {
        message: `--slo: ${message}`,
        excerpt: `${text}\n${' '.repeat(caret)}^`,
      });
    });
  }

  it('keeps the caret under its place, however many blanks were written', () => {
    try {
      parse('ttft.p95   <=   500');
      assert.fail('it was read');
    } catch (error) {
      assert(error instanceof LlamactlError);
      const lines = renderError(error, { width: 80, version: '0' }).split('\n');
      const at = lines.findIndex((line) => line.includes('ttft.p95   <=   500'));
      assert.equal(lines[at + 1], `  ${' '.repeat(19)}^`);
      assert.equal(error.exit, 2);
    }
  });

  it('is read, or refused with a caret inside it, whatever is typed', () => {
    const words = fc.constantFrom(
      'ttft.p95',
      'errors',
      'model',
      'tools',
      '<=',
      '=',
      '!',
      '5',
      'ms',
      '%',
      ' ',
    );
    const typed = fc.oneof(
      fc.array(words).map((parts) => parts.join('')),
      fc.string(),
    );
    fc.assert(
      fc.property(typed, (text) => {
        try {
          assert.equal(parse(text).text, text.trim());
        } catch (error) {
          assert(error instanceof LlamactlError);
          const caret = (error.evidence[0] ?? '').split('\n')[1]?.length ?? 0;
          assert(caret >= 1 && caret <= text.length + 1, `a caret at ${caret} of ${text.length}`);
        }
      }),
    );
  });

  it('reads what it would write', () => {
    const number = fc.integer({ min: 0, max: 1_000_000 });
    fc.assert(
      fc.property(fc.constantFrom(...OPERATORS), number, (operator, value) => {
        const read = parse(`ttft.p95${operator}${value}ms`);
        assert(read.kind === 'number');
        assert.deepEqual([read.operator, read.value], [operator, value]);
        assert.equal(compare(value, operator, value), operator.includes('=') && operator !== '!=');
      }),
    );
  });
});
