import assert from 'node:assert/strict';
import { parseKeys } from '../../src/cli/watch/keys.js';
import { lineAfter, pressKey } from '../../src/cli/watch/screen-state.js';
import { emptyScreen, type ScreenState } from '../../src/render/watch/screen.js';
import { rowOf } from '../services/monitor/row.js';

describe('keys of metrics watch', () => {
  it('are read one by one, however they come', () => {
    assert.deepEqual(parseKeys('q\u001b[A\u001bOB\u001b[6~\u001b[Hé\u0003\u001b'), [
      ...['q', 'up', 'down', 'page-down', 'home', 'é', 'ctrl-c', 'escape'],
    ]);
  });

  it('that nobody knows are passed over, whole', () => {
    assert.deepEqual(parseKeys('\u001b[15~\u001b[1;5C\u001b[<0;1;1Mq\r\t\u007f'), ['q']);
  });

  const rows = Array.from({ length: 25 }, (_, index) => rowOf({ target: `gpu${index}` }));
  const screen: ScreenState = {
    ...emptyScreen(2000),
    tick: { time: '2026-11-24T14:02:31.000Z', servers: rows, events: [] },
  };
  const pressed = (...keys: string[]) => keys.reduce((state, key) => pressKey(state, key).state, screen);

  it('select a row, and stay within them', () => {
    assert.equal(pressed('down').selected, 'gpu1');
    assert.equal(pressed('down', 'down', 'up').selected, 'gpu1');
    assert.equal(pressed('up').selected, 'gpu0');
    assert.equal(pressed('page-down').selected, 'gpu10');
    assert.equal(pressed('end').selected, 'gpu24');
    assert.equal(pressed('end', 'down').selected, 'gpu24');
    assert.equal(pressed('end', 'home').selected, 'gpu0');
  });

  it('change how often is looked, between bounds', () => {
    assert.deepEqual(pressKey(screen, '+').effect, { type: 'interval', intervalMs: 5000 });
    assert.deepEqual(pressKey(screen, '-').effect, { type: 'interval', intervalMs: 1000 });
    assert.equal(pressed(...Array.from({ length: 20 }, () => '-')).intervalMs, 250);
    assert.equal(pressed(...Array.from({ length: 20 }, () => '+')).intervalMs, 60_000);
  });

  it('open and close help and log, pause, sort from the top, leave', () => {
    assert.deepEqual(
      [pressed('?').view, pressed('?', '?').view, pressed('l', 'escape').view],
      ['help', 'servers', 'servers'],
    );
    assert.deepEqual([pressed('p').paused, pressed('p', 'p').paused], [true, false]);
    assert.deepEqual([pressed('down', 's').sort, pressed('down', 's').selected], ['name', null]);
    assert.deepEqual(pressKey(screen, 'q').effect, { type: 'quit', exit: 0 });
    assert.deepEqual(pressKey(screen, 'ctrl-c').effect, { type: 'quit', exit: 130 });
    assert.deepEqual(pressKey(screen, 'x'), { state: screen, effect: null });
  });

  it('go through a recording, and stay within it', () => {
    assert.deepEqual(
      (['left', 'right', '<', '>', 'home', 'end', 'x'] as const).map((key) => lineAfter(10, 100, key)),
      [9, 11, 0, 40, 0, 99, null],
    );
    assert.equal(lineAfter(99, 100, 'right'), 99);
  });
});
