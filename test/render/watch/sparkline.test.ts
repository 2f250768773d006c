import assert from 'node:assert/strict';
import { sparkline } from '../../../src/render/watch/sparkline.js';

describe('sparkline', () => {
  it('scales to the highest value; nothing is a line, and what nobody knows a gap', () => {
    assert.equal(sparkline([0, 50, 100, null, 1], 5, 5, 1), '▁▅█ ▂');
  });

  it('stands at the right, with blanks for what is not there yet', () => {
    assert.equal(sparkline([1], 1, 4, 1), '   █');
    assert.equal(sparkline([], 0, 3, 1), '   ');
  });

  it('moves by whole bars: a bar of several values stays what it is while the newest fills', () => {
    const values = [10, 10, 20, 20, 40, 40];
    assert.equal(sparkline(values, 6, 3, 2), '▃▅█');
    assert.equal(sparkline([...values, 40], 7, 4, 2), '▃▅██');
    assert.equal(sparkline([...values, 40, 40], 8, 4, 2), '▃▅██');
  });
});
