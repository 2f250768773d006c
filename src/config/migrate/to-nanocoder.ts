import { providerOf } from '../nanocoder.js';
import { isOwnKey } from '../own-keys.js';
import { DEFAULTS } from '../schema.js';
import {
  array,
  commentsOf,
  type Entry,
  entry,
  entryOf,
  type Item,
  item,
  type Node,
  nodeOf,
  object,
  renamed,
  type Tree,
} from '../tree.js';
import { hasVariable } from '../variables.js';
import { Bag, numberOf, textOf } from './bag.js';
import { clamp, RETRIES, TIMEOUT, withoutVersion, withVersion } from './exchange.js';
import type { Migrated } from './to-llamactl.js';

/** Of a target what nanocoder has the same word for. */
const SHARED = ['apiKey', 'models', 'contextWindow', 'maxRetries', 'headers'];

/**
 * Our form as nanocoder's of today. nanocoder reads plain JSON, so a comment becomes a `"//"` key of the provider that it
 * stands in, the file's own the first provider's; what only llamactl has a word for is kept in a provider's `x-llamactl`.
 */
export function toNanocoder(tree: Tree): Migrated {
  const notes: string[] = [];
  const file = new Bag(tree.root);
  const targets = file.take('targets')?.value;
  const kept = new Bag(file.take('x-nanocoder')?.value);
  const inner = new Bag(kept.take('nanocoder')?.value).rest();
  const standard = textOf(file.take('default'));
  const fallback = textsOf(file.take('fallback')?.value);
  const entries = targets?.kind === 'object' ? targets.entries : [];
  const isImplied = standard === undefined && entries[0]?.key === implied(entries);
  const chosen = isImplied ? undefined : (standard ?? entries[0]?.key);
  const rootKept = file.rest();
  const rootComments = commentsOutside(tree);
  const providers = entries.map((target, index): Item => {
    const comments = [...(index === 0 ? rootComments : []), ...commentsOf(only(target))];
    const rank = fallback.indexOf(target.key);
    const marks = [
      ...(target.key === chosen ? [entry('default', nodeOf(true))] : []),
      ...(rank < 0 ? [] : [entry('fallback', nodeOf(rank))]),
      ...(index === 0 && rootKept.length > 0 ? [entry('x-root', object(rootKept.map(bare)))] : []),
    ];
    return item(toProvider(target, marks, comments, notes));
  });
  if (entries.length === 0 && rootComments.length > 0)
    notes.push('there is no provider to keep the comments in: they are in the backup only.');
  const nanocoder = object([entry('providers', array(providers)), ...inner.map(bare)]);
  return {
    tree: { root: object([...kept.rest().map(bare), entry('nanocoder', nanocoder)]), before: [], after: [] },
    notes,
  };
}

function toProvider(
  target: Entry,
  marks: readonly Entry[],
  comments: readonly string[],
  notes: string[],
): Node {
  const bag = new Bag(target.value);
  const kept = new Bag(bag.take('x-nanocoder')?.value);
  const address = bag.take('baseUrl');
  const several = bag.peek('baseUrls')?.value;
  // nanocoder speaks to the first of several; all of them are kept.
  const url = textOf(address) ?? textsOf(several)[0] ?? DEFAULTS.baseUrl;
  const withPath = withVersion(url);
  if (hasVariable(url))
    notes.push(`${target.key}: nanocoder needs an address that ends with /v1: see that ${url} does.`);
  const named = bag.take('provider');
  const isGuessed = providerOf(withPath) === (textOf(named) ?? 'llama-cpp');
  const timeout = bag.take('timeout');
  const shared = bag.takeAll((key) => SHARED.includes(key));
  const own = bag.takeAll(isOwnKey);
  const ours = [
    ...(isGuessed ? [] : [named ?? entry('provider', nodeOf('llama-cpp'))]),
    ...bag.rest(),
    ...marks,
  ];
  if (!shared.some(({ key }) => key === 'models')) {
    shared.push(entry('models', array([])));
    notes.push(`${target.key}: nanocoder needs a list of models: llamactl models --target ${target.key}`);
  }
  const made = [
    ...(comments.length === 0 ? [] : [entry('//', nodeOf(comments.length === 1 ? comments[0] : comments))]),
    entry('name', nodeOf(target.key)),
    entry('baseUrl', nodeOf(withPath)),
    ...shared,
    ...(timeout === undefined ? [] : [renamed(timeout, 'requestTimeout')]),
    ...own.filter(({ key }) => key !== '//'),
    ...(ours.length === 0 ? [] : [entry('x-llamactl', object(ours))]),
  ];
  return object(restored(made, kept.rest()).map(bare));
}

/**
 * What nanocoder's file said before is said again, in place of what was made of it; unless it has been changed in between.
 */
function restored(made: readonly Entry[], kept: readonly Entry[]): Entry[] {
  const entries = [...made];
  const indexOf = (key: string) => entries.findIndex((each) => each.key === key);
  // A deadline that was called `timeout` alone is made `requestTimeout` as any other.
  const isOnly = !kept.some(({ key }) => key === 'requestTimeout');
  for (const old of kept) {
    const at = indexOf(old.key === 'timeout' && isOnly ? 'requestTimeout' : old.key);
    const now = entries[at];
    if (now === undefined) entries.push(old);
    else if (isSame(old, now)) entries[at] = old;
  }
  return withModelWindows(entries, kept);
}

/** Whether a value of ours is still what was made of nanocoder's. */
function isSame(old: Entry, now: Entry): boolean {
  const [text, number] = [textOf(old), numberOf(old)];
  if (old.key === 'baseUrl') return withoutVersion(text ?? '') === withoutVersion(textOf(now) ?? '');
  if (number === undefined) return false;
  if (old.key === 'requestTimeout' || old.key === 'timeout') return clamp(number, TIMEOUT) === numberOf(now);
  return old.key === 'maxRetries' && clamp(number, RETRIES) === numberOf(now);
}

/** Our `contextWindow` is the first model's own where `contextWindows` has one: it goes back there. */
function withModelWindows(entries: Entry[], kept: readonly Entry[]): Entry[] {
  const byModel = kept.find(({ key }) => key === 'contextWindows');
  const models = entries.find(({ key }) => key === 'models')?.value;
  const [first] = models?.kind === 'array' ? models.items : [];
  const name = first?.value.kind === 'scalar' ? String(first.value.value) : '';
  const now = entries.find(({ key }) => key === 'contextWindow');
  if (byModel?.value.kind !== 'object' || now === undefined || entryOf(byModel.value, name) === undefined)
    return entries;
  const windows = object(
    byModel.value.entries.map((each) => (each.key === name ? { ...each, value: now.value } : each)),
  );
  const general = kept.find(({ key }) => key === 'contextWindow');
  return entries.flatMap((each) => {
    if (each.key === 'contextWindow') return general === undefined ? [] : [general];
    return [each.key === 'contextWindows' ? { ...each, value: windows } : each];
  });
}

/** What `fromNanocoder` takes where nothing is said: the first llama.cpp server, else the first. */
function implied(targets: readonly Entry[]): string | undefined {
  const isLlama = ({ value }: Entry) =>
    (textOf(new Bag(value).take('provider')) ?? 'llama-cpp') === 'llama-cpp';
  return (targets.find(isLlama) ?? targets[0])?.key;
}

/** An entry without comments, all the way down. */
function bare<T extends Item>(old: T): T {
  return { ...old, value: bareNode(old.value), before: [], after: null, spaced: false };
}

function bareNode(node: Node): Node {
  if (node.kind === 'scalar') return node;
  return node.kind === 'array'
    ? { ...node, items: node.items.map(bare), inner: [] }
    : { ...node, entries: node.entries.filter(({ key }) => key !== '//').map(bare), inner: [] };
}

/** The comments of a file that stand in no target. */
function commentsOutside(tree: Tree): string[] {
  if (tree.root.kind !== 'object') return commentsOf(tree);
  const entries = tree.root.entries.map((each) =>
    each.key === 'targets' && each.value.kind === 'object'
      ? { ...each, value: { ...each.value, entries: [] } }
      : each,
  );
  return commentsOf({ ...tree, root: { ...tree.root, entries } });
}

function only(target: Entry): Tree {
  return { root: object([target]), before: [], after: [] };
}

function textsOf(node: Node | undefined): string[] {
  if (node?.kind !== 'array') return [];
  return node.items.map(({ value }) => (value.kind === 'scalar' ? String(value.value) : ''));
}
