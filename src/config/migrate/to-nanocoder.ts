import { providerOf } from '../nanocoder.js';
import { isOwnKey } from '../own-keys.js';
import { DEFAULTS } from '../schema.js';
import {
  array,
  commentsOf,
  type Entry,
  entry,
  type Item,
  item,
  type Node,
  nodeOf,
  object,
  renamed,
  type Tree,
} from '../tree.js';
import { hasVariable } from '../variables.js';
import { Bag, textOf } from './bag.js';
import type { Migrated } from './to-llamactl.js';

/** Of a target what nanocoder has the same word for. */
const SHARED = ['apiKey', 'models', 'contextWindow', 'maxRetries'];

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
  const isImplied =
    standard === undefined ? entries[0]?.key === implied(entries) : standard === implied(entries);
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
  const url = textOf(address) ?? DEFAULTS.baseUrl;
  const withPath = hasVariable(url) ? url : withVersion(url);
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
  // What nanocoder's file said before is said again, in place of what was made of it.
  for (const old of kept.rest()) {
    const at = made.findIndex(({ key }) => key === old.key);
    if (at < 0) made.push(old);
    else made[at] = old;
  }
  return object(made.map(bare));
}

/** What `fromNanocoder` takes where nothing is said: the first llama.cpp server, else the first. */
function implied(targets: readonly Entry[]): string | undefined {
  const isLlama = ({ value }: Entry) =>
    (textOf(new Bag(value).take('provider')) ?? 'llama-cpp') === 'llama-cpp';
  return (targets.find(isLlama) ?? targets[0])?.key;
}

function withVersion(url: string): string {
  if (url.startsWith('unix:')) return url;
  return /\/v1\/*$/.test(url) ? url : `${url.replace(/\/+$/, '')}/v1`;
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
