import { isDeepStrictEqual } from 'node:util';
import { allOf, anyOf, type Condition, goOf, isSame, negated } from './condition.js';
import { directive, marker } from './markup.js';
import { fieldsOf } from './places.js';

/** What an option may be beside what it is in the base, and what the object looks like then. */
export interface Dimension {
  /** Holds where the option is as in the base. */
  readonly base: Condition;
  readonly others: readonly Variant[];
}

interface Variant {
  readonly when: Condition;
  readonly tree: unknown;
}

/** Not there at all. */
const ABSENT = Symbol('absent');
/** Between a flag and its value, which belong together. */
export const PAIR = '\u0001';
/** Of what may be left out of a text, since it is empty where it is not set. */
const MAY_BE_EMPTY = marker('apiPrefix');

/**
 * One tree of an object as it is for each value of each option: what is the same in all stands there as it is, what is not
 * is put between `{{- if }}` and `{{- end }}`. Options are varied one at a time, from a base that has most of what there is;
 * what needs several of them is what goes away with each. (That no pair of them does something else is what tests hold.)
 */
export function merge(base: unknown, dimensions: readonly Dimension[]): unknown {
  const varying = differing(base, dimensions);
  if (varying.length === 0) return base;
  const trees = [base, ...varying.flatMap(({ others }) => others.map(({ tree }) => tree))];
  if (trees.every(isMap)) return mergeMaps(base, varying);
  if (trees.every((tree) => Array.isArray(tree))) return mergeLists(base, varying);
  if (areSimilarTexts(trees)) {
    const lines = (tree: unknown) => String(tree).split('\n');
    return mergeLists(lines(base), over(varying, lines)).join('\n');
  }
  throw new Error(`cannot be merged: ${JSON.stringify(trees)}`);
}

type Map = Readonly<Record<string, unknown>>;

function isMap(tree: unknown): tree is Map {
  return typeof tree === 'object' && tree !== null && !Array.isArray(tree);
}

function over(dimensions: readonly Dimension[], change: (tree: unknown) => unknown): Dimension[] {
  return dimensions.map(({ base, others }) => ({
    base,
    others: others.map(({ when, tree }) => ({ when, tree: tree === ABSENT ? ABSENT : change(tree) })),
  }));
}

function differing(base: unknown, dimensions: readonly Dimension[]): Dimension[] {
  return dimensions.filter(({ others }) => others.some(({ tree }) => !isEqual(base, tree)));
}

/** Whether two trees are the same in a chart: a prefix that is not set is an empty text. */
function isEqual(a: unknown, b: unknown): boolean {
  const bare = (tree: unknown): unknown =>
    tree === ABSENT ? ABSENT : JSON.parse(JSON.stringify(tree ?? null).replaceAll(MAY_BE_EMPTY, ''));
  return isDeepStrictEqual(bare(a), bare(b));
}

/** A line with its value, or several of them between directives. */
type Part = { readonly directive: string } | { readonly value: unknown };

function mergeMaps(base: unknown, dimensions: readonly Dimension[]): Map {
  const at = (name: string) => (tree: unknown) => (isMap(tree) && name in tree ? tree[name] : ABSENT);
  const names = aligned(
    [base, ...dimensions.flatMap(({ others }) => others.map(({ tree }) => tree))].map((tree) =>
      isMap(tree) ? Object.keys(tree) : [],
    ),
  );
  const entries: [string, unknown][] = [];
  const parts = new Parts();
  for (const name of names) {
    const child = at(name);
    parts.add(child(base), over(dimensions, child), (value) => ({ [name]: value }));
  }
  for (const part of parts.list) {
    if ('directive' in part) entries.push([`${directive(part.directive)}⟦~${entries.length}⟧`, null]);
    else {
      const [[name, value] = ['', null]] = Object.entries(fieldsOf(part.value));
      // A name may be there twice, on both sides of an else.
      entries.push([entries.some(([other]) => other === name) ? `${name}⟦~${entries.length}⟧` : name, value]);
    }
  }
  return Object.fromEntries(entries);
}

function mergeLists(base: unknown, dimensions: readonly Dimension[]): unknown[] {
  const items = (tree: unknown) => (Array.isArray(tree) ? tree : []);
  const find = (id: string) => (tree: unknown) => {
    const found: unknown = items(tree).find((item, index, all) => idOf(item, index, all) === id);
    return found === undefined ? ABSENT : found;
  };
  const ids = aligned(
    [base, ...dimensions.flatMap(({ others }) => others.map(({ tree }) => tree))].map((tree) =>
      items(tree).map(idOf),
    ),
  );
  const parts = new Parts();
  for (const id of ids) parts.add(find(id)(base), over(dimensions, find(id)), (value) => value);
  return parts.list.map((part) => ('directive' in part ? directive(part.directive) : part.value));
}

/** By what an item of a list is the same in another one. Lines that are there several times are counted. */
function idOf(item: unknown, index: number, all: readonly unknown[]): string {
  if (isMap(item)) {
    const id = item['mountPath'] ?? item['name'];
    if (typeof id === 'string') return id;
    // Who may come in is a set; of other nameless items the first is the first.
    return 'podSelector' in item ? JSON.stringify(item) : `#${index}`;
  }
  const text = String(item).replaceAll(MAY_BE_EMPTY, '');
  if (text.includes(PAIR)) return text.split(PAIR, 1).join('');
  if (text.includes('\n')) return 'a script';
  return `${text}${all.slice(0, index).filter((other) => other === item).length}`;
}

/** All names, those of the first list in its order and each other one after what stands before it in its own. */
function aligned(lists: readonly (readonly string[])[]): string[] {
  const [first = [], ...rest] = lists;
  const all = [...first];
  for (const list of rest) {
    for (const [index, name] of list.entries()) {
      if (all.includes(name)) continue;
      const before = list[index - 1];
      let place = before === undefined ? 0 : all.indexOf(before) + 1;
      // After what takes the place of the same line in another variant, not before it.
      while (place < all.length && !list.includes(all[place] ?? '')) place++;
      all.splice(place, 0, name);
    }
  }
  return all;
}

/** Values in their order, each between the conditions under which it is there. */
class Parts {
  readonly list: Part[] = [];
  /** The condition of the branch whose `end` was written last, and whether that was an else. */
  #closed: { readonly when: Condition; readonly isElse: boolean } | null = null;

  add(base: unknown, dimensions: readonly Dimension[], wrap: (value: unknown) => unknown): void {
    const varying = differing(base, dimensions);
    if (base === ABSENT) {
      const present = varying.flatMap(({ others }) => others).filter(({ tree }) => tree !== ABSENT);
      for (const [tree, when] of grouped(present))
        this.#between(when, () => this.list.push({ value: wrap(tree) }));
      return;
    }
    const missing = varying.filter(({ others }) => others.some(({ tree }) => tree === ABSENT));
    if (missing.length > 0) {
      const rest = varying
        .map(({ base: held, others }) => ({
          base: held,
          others: others.filter(({ tree }) => tree !== ABSENT),
        }))
        .filter(({ others }) => others.length > 0);
      this.#between(allOf(missing.map(presence)), () => this.add(base, rest, wrap));
      return;
    }
    const [first, ...rest] = varying;
    if (first === undefined) this.#value(wrap(base));
    else if (isMergeable(base, varying)) this.#value(wrap(merge(base, varying)));
    else {
      const changed = first.others.filter(({ tree }) => !isEqual(tree, base));
      const [[tree, some] = [base, first.base], ...more] = grouped(changed);
      // Where all others are alike, the condition of the base says it shortest.
      const isAll = more.length === 0 && changed.length === first.others.length;
      const when = isAll ? negated(first.base) : some;
      const remaining = {
        base: first.base,
        others: first.others.filter((each) => !isEqual(each.tree, tree)),
      };
      this.#between(negated(when), () => this.add(base, [remaining, ...rest], wrap));
      this.#between(when, () => this.#value(wrap(tree)));
    }
  }

  #value(value: unknown): void {
    this.list.push({ value });
    this.#closed = null;
  }

  #between(when: Condition, write: () => void): void {
    const closed = this.#closed;
    this.#closed = null;
    // What stands between the same conditions as the line before it stands there with it.
    const goesOn = closed !== null && isSame(closed.when, when);
    const isElse = closed !== null && !closed.isElse && isSame(closed.when, negated(when));
    if (goesOn || isElse) this.list.pop();
    if (isElse) this.list.push({ directive: 'else' });
    if (!goesOn && !isElse) this.list.push({ directive: `if ${goOf(when)}` });
    write();
    this.list.push({ directive: 'end' });
    this.#closed = { when, isElse: isElse || (goesOn && closed.isElse) };
  }
}

/** Where a value is there that some variants do not have. */
function presence({ base, others }: Dimension): Condition {
  const whens = (isThere: boolean) =>
    others.filter(({ tree }) => (tree !== ABSENT) === isThere).map(({ when }) => when);
  const there = anyOf([base, ...whens(true)]);
  const otherwise = negated(anyOf(whens(false)));
  return goOf(otherwise).length < goOf(there).length ? otherwise : there;
}

function isMergeable(base: unknown, dimensions: readonly Dimension[]): boolean {
  const trees = [base, ...dimensions.flatMap(({ others }) => others.map(({ tree }) => tree))];
  return (
    trees.every(isMap) ||
    // Without any item a list would be nothing at all.
    trees.every((tree) => Array.isArray(tree) && tree.length > 0) ||
    areSimilarTexts(trees)
  );
}

/** Whether they are scripts that have most lines in common; others are better read one after the other. */
function areSimilarTexts(trees: readonly unknown[]): boolean {
  if (!trees.every((tree) => typeof tree === 'string' && tree.includes('\n'))) return false;
  const [first = [], ...rest] = trees.map((tree) => String(tree).split('\n'));
  return rest.every((lines) => lines.filter((line) => first.includes(line)).length > first.length / 2);
}

/** Equal trees together, under all the conditions that they have. */
function grouped(variants: readonly Variant[]): [unknown, Condition][] {
  const groups: { tree: unknown; whens: Condition[] }[] = [];
  for (const { tree, when } of variants) {
    const group = groups.find((each) => isEqual(each.tree, tree));
    if (group === undefined) groups.push({ tree, whens: [when] });
    else group.whens.push(when);
  }
  return groups.map(({ tree, whens }) => [tree, anyOf(whens)]);
}
