import { bold, dim } from '../symbols.js';

const LIVE = [
  ['↑ ↓', 'select a server; PgUp PgDn by ten, Home End to the ends'],
  ['s', 'sort: as given, by name, state, generation, queue'],
  ['p', 'pause the picture, and go on'],
  ['+ −', 'look less or more often'],
  ['l', 'the log of events, and back'],
  ['?', 'this page, and back'],
  ['q', 'leave (Ctrl-C too)'],
] as const;

const REPLAY = [
  ['← →', 'one line back or on; < > by thirty, Home End to the ends'],
  ['p', 'play, and stop'],
  ['+ −', 'play slower or quicker'],
  ['↑ ↓', 'select a server; PgUp PgDn by ten'],
  ['s', 'sort: as given, by name, state, generation, queue'],
  ['l', 'the log of events up to here, and back'],
  ['?', 'this page, and back'],
  ['q', 'leave (Ctrl-C too)'],
] as const;

const SIGNS = [
  ['●  ✓', 'works on requests, ready for one'],
  ['☾', 'asleep, wakes on the next request'],
  ['✗  …', 'not usable, and for how long; loading'],
  ['!  !!', 'needs an eye, a hand: a queue, a full context, a slow /health'],
  ['–', 'not told by the server, or not asked so as not to disturb it'],
] as const;

/** What can be typed, and what the signs mean. */
export function helpLines(isReplay: boolean): string[] {
  const line = ([term, text]: readonly [string, string]) => `   ${term.padEnd(6)}${text}`;
  return [
    '',
    ` ${bold('Keys')}`,
    ...(isReplay ? REPLAY : LIVE).map(line),
    '',
    ` ${bold('Signs')}`,
    ...SIGNS.map(line),
    '',
    dim('   Watching wakes no model, loads none and lets an idle one fall asleep.'),
  ];
}
