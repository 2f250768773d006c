// npm run corpus: how well the rules name the causes of real texts. `--misses` lists each text that they got wrong.
import { parseArgs } from 'node:util';
import { readCorpus, type Sample } from './samples.js';
import { type Answer, ask, missLine, share } from './score.js';

const { values } = parseArgs({ options: { misses: { type: 'boolean' }, set: { type: 'string' } } });
const percent = (part: number) => `${(part * 100).toFixed(1)} %`.padStart(8);
const out = (line = '') => process.stdout.write(`${line}\n`);

/** The held-out set was collected in three batches: a and b the rules were mended on, c measures what they do with texts they have never seen. */
const batch = (samples: readonly Sample[], letter: string) =>
  samples.filter(({ id }) => id.startsWith(letter));

const heldOut = readCorpus('held-out');
const sets: readonly (readonly [string, readonly Sample[]])[] = [
  ['dev', readCorpus('dev')],
  ['held-out', heldOut],
  ['  a', batch(heldOut, 'a')],
  ['  b', batch(heldOut, 'b')],
  ['  c', batch(heldOut, 'c')],
  ['  d', batch(heldOut, 'd')],
  ['  e', batch(heldOut, 'e')],
];

const answers = new Map<string, Answer[]>();
out('SET        TEXTS     TOP-1     TOP-3   FALSE ALARMS ON HEALTHY TEXTS');
for (const [name, samples] of sets) {
  if (values.set !== undefined && values.set !== name.trim()) continue;
  const all = await ask(samples);
  answers.set(name, all);
  const healthy = all.filter(({ sample }) => sample.label === 'none');
  const alarms = healthy.filter(({ found }) => found.length > 0).length;
  out(
    `${name.padEnd(10)} ${String(all.length).padStart(5)}  ${percent(share(all, ({ right }) => right))}  ${percent(
      share(all, ({ inThree }) => inThree),
    )}   ${alarms} of ${healthy.length}`,
  );
}

const everything = [...answers]
  .filter(([name]) => !name.startsWith(' ') || values.set)
  .flatMap(([, each]) => each);
out();
out('LABEL                            TEXTS     TOP-1     TOP-3   TAKEN FOR');
const byLabel = group(everything);
for (const [label, each] of [...byLabel].sort(([a], [b]) => a.localeCompare(b))) {
  const taken = group(
    each.filter(({ right }) => !right),
    ({ found }) => found[0] ?? 'none',
  );
  const others = [...taken].map(([code, misses]) => `${code} ${misses.length}`).join(', ');
  out(
    `${label.padEnd(32)} ${String(each.length).padStart(5)}  ${percent(share(each, ({ right }) => right))}  ${percent(
      share(each, ({ inThree }) => inThree),
    )}   ${others}`.trimEnd(),
  );
}

if (values.misses) {
  out();
  for (const answer of everything) if (!answer.right) out(missLine(answer));
}

function group(
  each: readonly Answer[],
  key: (answer: Answer) => string = ({ sample }) => sample.label,
): Map<string, Answer[]> {
  const groups = new Map<string, Answer[]>();
  for (const answer of each) groups.set(key(answer), [...(groups.get(key(answer)) ?? []), answer]);
  return groups;
}
