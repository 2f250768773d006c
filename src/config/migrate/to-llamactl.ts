import { type Form, SECTION_NAMES, SECTIONS } from '../form.js';
import { headerNameProblem, isHeaderValue } from '../headers.js';
import { providerOf } from '../nanocoder.js';
import { isOwnKey } from '../own-keys.js';
import type { Provider } from '../schema.js';
import {
  array,
  type Entry,
  entry,
  type Item,
  item,
  nodeAt,
  nodeOf,
  object,
  renamed,
  type Tree,
} from '../tree.js';
import { hasVariable } from '../variables.js';
import { Bag, commentsBeside, jsonCommentLines, numberOf, textOf } from './bag.js';
import { type Bounds, clamp, RETRIES, TIMEOUT, withoutVersion } from './exchange.js';

/** A configuration in another form. */
export interface Migrated {
  readonly tree: Tree;
  /** What is not quite as it was, a sentence each. */
  readonly notes: readonly string[];
}

interface Server {
  readonly name: string;
  readonly target: Entry;
  readonly isDefault: boolean;
  readonly fallback: number | undefined;
  /** What belongs to the file as a whole. */
  readonly root: readonly Entry[];
}

/**
 * nanocoder's forms as ours. What llamactl has no word for is kept under `x-nanocoder`, in each target and at the root,
 * where the way back finds it.
 */
export function toLlamactl({ root, before, after }: Tree, form: Form): Migrated {
  const notes: string[] = [];
  const file = new Bag(form === 'provider-list' ? undefined : root);
  const nanocoderEntry = file.take('nanocoder');
  const nanocoder = new Bag(nanocoderEntry?.value);
  const sections = SECTION_NAMES.flatMap((name) => {
    const section = nanocoder.take(name);
    return section === undefined ? [] : [fromSection(section, name, notes)];
  });
  const lists = form === 'provider-list' ? [root] : [nanocoder.take('providers'), file.take('providers')];
  const listComments: string[] = [];
  const providers = lists.flatMap((list) => {
    const node = list !== undefined && 'value' in list && 'key' in list ? list.value : list;
    if (list !== undefined && 'key' in list) listComments.push(...commentsBeside(list));
    if (node === undefined || !('kind' in node) || node.kind !== 'array') return [];
    listComments.push(...node.inner);
    return node.items.flatMap((item) => fromProvider(item, notes));
  });
  const servers = withUniqueNames([...sections, ...providers], notes);

  const isComment = (key: string) => key === '//';
  const written = [...file.takeAll(isComment), ...nanocoder.takeAll(isComment)];
  const own = file.takeAll((key) => isOwnKey(key));
  const nanocoderRest = nanocoder.rest();
  const kept = [
    ...file.rest(),
    ...(nanocoderRest.length === 0 ? [] : [entry('nanocoder', object(nanocoderRest, nanocoder.inner))]),
  ];
  const stranded = nanocoderRest.length === 0 ? nanocoder.inner : [];
  const standard = defaultOf(servers);
  const fallback = servers
    .filter((server) => server.fallback !== undefined)
    .sort((a, b) => (a.fallback ?? 0) - (b.fallback ?? 0))
    .map(({ name }) => name);
  const entries = [
    ...servers.flatMap((server) => server.root).filter(({ key }) => !isOwnKey(key)),
    ...(standard === undefined ? [] : [entry('default', nodeOf(standard))]),
    entry('targets', object(servers.map(({ target }) => target)), {
      before: [...commentsBeside(nanocoderEntry), ...listComments],
      spaced: true,
    }),
    ...(fallback.length === 0 ? [] : [entry('fallback', nodeOf(fallback))]),
    ...(kept.length === 0 ? [] : [entry('x-nanocoder', object(kept), { spaced: true })]),
    ...own,
    ...servers.flatMap((server) => server.root).filter(({ key }) => isOwnKey(key)),
  ];
  return {
    tree: {
      root: object(entries),
      before: [...before, ...jsonCommentLines(written)],
      after: [...stranded, ...file.inner, ...after],
    },
    notes,
  };
}

function fromSection(section: Entry, key: (typeof SECTION_NAMES)[number], notes: string[]): Server {
  const { name, provider, baseUrl } = SECTIONS[key];
  const bag = new Bag(section.value);
  const given = bag.take('baseUrl');
  const address = given ?? (provider === 'llama-cpp' ? undefined : entry('baseUrl', nodeOf(baseUrl)));
  const made = [
    ...(provider === 'llama-cpp' ? [] : [entry('provider', nodeOf(provider))]),
    ...(address === undefined ? [] : [withoutPath(address)]),
    ...bag.takeAll((field) =>
      ['apiKey', 'models', 'timeout', 'maxRetries', 'sampling', 'performance'].includes(field),
    ),
  ];
  const comments = jsonCommentLines(bag.takeAll((field) => field === '//'));
  const inner = bag.inner;
  const rest = bag.rest();
  const kept = rest.length === 0 ? [] : [entry('x-nanocoder', object(rest))];
  if (textOf(given) !== undefined) noteVariable(textOf(given) ?? '', name, notes);
  return {
    name,
    target: entry(name, object([...withComments(made, comments), ...kept], inner), section),
    isDefault: false,
    fallback: undefined,
    root: [],
  };
}

function fromProvider(item: Item, notes: string[]): Server[] {
  const bag = new Bag(item.value);
  const nameEntry = bag.take('name');
  const name = textOf(nameEntry);
  if (name === undefined) return [];
  const kept: Entry[] = [];
  const ours = new Bag(bag.take('x-llamactl')?.value);
  const isDefault = ours.take('default') !== undefined;
  const fallback = numberOf(ours.take('fallback'));
  const root = new Bag(ours.take('x-root')?.value);
  const address = bag.take('baseUrl');
  const url = textOf(address);
  if (url !== undefined) noteVariable(url, name, notes);
  const provider = providerOf(url);
  const named = ours.take('provider');
  const context = contextOf(bag, kept);
  const entries = [
    ...(named !== undefined
      ? [named]
      : provider === ('llama-cpp' satisfies Provider)
        ? []
        : [entry('provider', nodeOf(provider))]),
    ...withOthers(addressOf(address, kept), ours.take('baseUrls')),
    ...bag.takeAll((key) => key === 'apiKey' || key === 'models'),
    ...headersOf(bag, name, notes),
    ...context,
    ...timeoutOf(bag, kept, name, notes),
    ...clamped(bag.take('maxRetries'), 'maxRetries', RETRIES, kept, name, notes),
    ...ours.rest(),
  ];
  const comments = jsonCommentLines(bag.takeAll((key) => key === '//'));
  entries.push(...bag.takeAll(isOwnKey));
  const inner = bag.inner;
  const rest = [...kept, ...bag.rest()];
  const ownKept = rest.length === 0 ? [] : [entry('x-nanocoder', object(rest))];
  const beside = {
    before: [...item.before, ...commentsBeside(nameEntry)],
    after: item.after,
    spaced: item.spaced,
  };
  const target = entry(name, object([...withComments(entries, comments), ...ownKept], inner), beside);
  return [{ name, target, isDefault, fallback, root: root.rest() }];
}

/** Without `/v1`, which llamactl adds itself; an address that had none is kept as it was, beside. */
function addressOf(address: Entry | undefined, kept: Entry[]): Entry[] {
  const url = textOf(address);
  if (address === undefined || url === undefined) return address === undefined ? [] : [address];
  if (!hasVariable(url) && withoutVersion(url) === url && !url.startsWith('unix:'))
    kept.push(entry('baseUrl', address.value));
  return [withoutPath(address)];
}

/** Of several servers nanocoder has the first: what it says of that one counts. */
function withOthers(address: Entry[], several: Entry | undefined): Entry[] {
  const [first] = address;
  if (several?.value.kind !== 'array') return several === undefined ? address : [...address, several];
  if (first === undefined) return [several];
  const [, ...others] = several.value.items;
  return [
    entry('baseUrls', array([item(first.value), ...others]), { before: first.before, after: first.after }),
  ];
}

function withoutPath(address: Entry): Entry {
  const url = textOf(address);
  return url === undefined ? address : { ...address, value: nodeOf(withoutVersion(url)) };
}

/** nanocoder's headers; with one among them that cannot stand in ours, all stay nanocoder's own. */
function headersOf(bag: Bag, name: string, notes: string[]): Entry[] {
  const headers = bag.peek('headers')?.value;
  if (headers?.kind !== 'object') return [];
  const odd = headers.entries.find(
    ({ key, value }) =>
      headerNameProblem(key) !== null ||
      value.kind !== 'scalar' ||
      typeof value.value !== 'string' ||
      !isHeaderValue(value.value),
  );
  if (odd === undefined) return bag.takeAll((key) => key === 'headers');
  notes.push(
    `${name}: ${headerNameProblem(odd.key) ?? `${odd.key} has a value that no header can carry`}. Its headers are kept in x-nanocoder, and llamactl sends none of them.`,
  );
  return [];
}

/** `contextWindow`, which a model's own entry in `contextWindows` overrides. */
function contextOf(bag: Bag, kept: Entry[]): Entry[] {
  const all = bag.take('contextWindow');
  const models = bag.peek('models')?.value;
  const [first] = models?.kind === 'array' ? models.items : [];
  const name = first?.value.kind === 'scalar' ? String(first.value.value) : '';
  const byModel = bag.peek('contextWindows');
  const own = byModel === undefined ? undefined : nodeAt(byModel.value, [name]);
  if (own === undefined) return all === undefined ? [] : [all];
  if (all !== undefined) kept.push(all);
  return [entry('contextWindow', own)];
}

/** `requestTimeout`, else `timeout`; what is not said by our own `timeout` is kept beside. */
function timeoutOf(bag: Bag, kept: Entry[], name: string, notes: string[]): Entry[] {
  const request = bag.take('requestTimeout');
  const other = bag.take('timeout');
  if (other !== undefined) {
    kept.push(
      ...[request, other].flatMap((each) => (each === undefined ? [] : [entry(each.key, each.value)])),
    );
    return clamped(request ?? other, 'timeout', TIMEOUT, [], name, notes);
  }
  return clamped(request, 'timeout', TIMEOUT, kept, name, notes);
}

/** A number within our bounds; one outside is brought inside, and kept as it was beside. */
function clamped(
  given: Entry | undefined,
  key: string,
  bounds: Bounds,
  kept: Entry[],
  name: string,
  notes: string[],
): Entry[] {
  const value = numberOf(given);
  if (given === undefined || value === undefined) return given === undefined ? [] : [renamed(given, key)];
  const inside = clamp(value, bounds);
  if (inside === value) return [renamed(given, key)];
  kept.push({ ...given, before: [], after: null });
  notes.push(
    `${name}: ${given.key} ${value} becomes ${key} ${inside}, the most or least that llamactl takes; the old value is kept in x-nanocoder.`,
  );
  return [renamed(given, key, nodeOf(inside))];
}

function noteVariable(url: string, name: string, notes: string[]): void {
  if (hasVariable(url) && providerOf(url) === 'openai-compatible')
    notes.push(
      `${name}: whether ${url} is a llama-server cannot be seen: where it is, write provider: llama-cpp.`,
    );
}

function withComments(entries: Entry[], comments: readonly string[]): Entry[] {
  const [first, ...rest] = entries;
  if (comments.length === 0) return entries;
  return first === undefined ? [] : [{ ...first, before: [...comments, ...first.before] }, ...rest];
}

/** Of servers of one name the last keeps it, as it is the one that counted. */
function withUniqueNames(servers: readonly Server[], notes: string[]): Server[] {
  const taken = new Set(servers.map(({ name }) => name));
  return servers.map((server, index) => {
    if (!servers.slice(index + 1).some(({ name }) => name === server.name)) return server;
    let number = 2;
    while (taken.has(`${server.name}-${number}`)) number++;
    const name = `${server.name}-${number}`;
    taken.add(name);
    notes.push(`${server.name}: there are several of this name. The one that did not count is now ${name}.`);
    return { ...server, name, target: renamed(server.target, name) };
  });
}

/** The target to name as the default; undefined where none was named and it is the first anyway. */
function defaultOf(servers: readonly Server[]): string | undefined {
  const isLlama = ({ target }: Server) => textOf(new Bag(target.value).take('provider')) === undefined;
  const named = servers.find((server) => server.isDefault);
  if (named !== undefined) return named.name;
  const chosen = servers.find(isLlama) ?? servers[0];
  return chosen === undefined || chosen === servers[0] ? undefined : chosen.name;
}
