import { Alias, Document, isScalar, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';

/** Reasons by the end of a line's path: `limits.memory`, `args.3`, `Deployment.spec.replicas`. The longest that fits counts. */
export type Reasons = Readonly<Record<string, string>>;

export interface YamlOptions {
  /** Comment lines at the top. */
  readonly header?: readonly string[];
  /** Begins every path: the kind of a Kubernetes object. */
  readonly root?: string;
  /** Written above their lines. */
  readonly reasons?: Reasons | undefined;
}

/** A value that others refer to by name. */
export class Anchored {
  constructor(
    readonly name: string,
    readonly value: Readonly<Record<string, unknown>>,
  ) {}
}

/** All that stands under an anchor; as the value of `<<` its keys, unless they are given again. */
export class Reference {
  constructor(readonly name: string) {}
}

const COMMENT_WIDTH = 96;
/** Characters of a list on one line. */
const LONGEST_LIST = 80;
/** Under these keys every value is somebody's string, whatever it looks like. */
const QUOTED_BELOW = [
  'env',
  'environment',
  'labels',
  'annotations',
  'matchLabels',
  'args',
  'command',
  'ports',
];
/** What YAML 1.1 or 1.2 reads as something else, and the library, which writes for one of them, may leave bare. */
const MISREAD = /^(?:=|<<|~|)$|^[-+.\d][-+.:\w]*$/;
/** Beginnings of those that cannot be misread: amounts with a unit, such as `15s`, `64Mi`, `100m`. */
const AMOUNT = /^\d+(?:s|m|h|M|Mi|Gi)$/;

/**
 * Writes YAML that readers of 1.1 (Kubernetes, Compose) and of 1.2 read alike: what looks like a number, a time or a switch
 * is quoted, and so are all values of the environment, labels and arguments. Keys keep their order; undefined ones are left out.
 */
export function toYaml(value: unknown, options: YamlOptions = {}): string {
  const document = new Document(null, { version: '1.1', aliasDuplicateObjects: false });
  document.contents = nodeOf(value, options.root === undefined ? [] : [options.root], options.reasons);
  if (options.header !== undefined)
    document.commentBefore = options.header.map((line) => ` ${line.replace(/\s+/g, ' ')}`).join('\n');
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

type Node = Scalar | Alias | YAMLMap<Scalar, Node> | YAMLSeq<Node>;

function nodeOf(value: unknown, path: readonly string[], reasons: Reasons | undefined): Node {
  if (value instanceof Reference) return new Alias(value.name);
  if (value instanceof Anchored) {
    const node = nodeOf(value.value, path, reasons);
    if (!(node instanceof Alias)) node.anchor = value.name;
    return node;
  }
  if (Array.isArray(value)) {
    const list = new YAMLSeq<Node>();
    list.items = value.map((item, index) => {
      const at = [...path, String(index)];
      const node = nodeOf(item, at, reasons);
      const reason = isScalar(node) ? reasons?.[at.slice(-2).join('.')] : undefined;
      if (reason !== undefined) node.commentBefore = comment(reason);
      return node;
    });
    list.flow = isShort(value, path.at(-1));
    return list;
  }
  if (typeof value === 'object' && value !== null) {
    const map = new YAMLMap<Scalar, Node>();
    for (const [name, item] of Object.entries(value)) {
      if (item === undefined) continue;
      const key = new Scalar(name);
      if (isMisread(name) && !(item instanceof Reference)) key.type = Scalar.QUOTE_DOUBLE;
      const at = [...path, name];
      const reason = reasons === undefined ? undefined : reasonFor(at, reasons);
      if (reason !== undefined) key.commentBefore = comment(reason);
      map.items.push(new Pair(key, nodeOf(item, at, reasons)));
    }
    if (map.items.length === 0) map.flow = true;
    return map;
  }
  const scalar = new Scalar(value);
  if (typeof value === 'string' && !value.includes('\n')) {
    const isQuoted = path.slice(0, -1).some((name) => QUOTED_BELOW.includes(name)) || isEnvValue(path);
    if ((isQuoted && !/^[A-Za-z/-][\w./-]*$/.test(value)) || isEnvValue(path) || isMisread(value))
      scalar.type = Scalar.QUOTE_DOUBLE;
  }
  return scalar;
}

const LINE_EACH = ['args', 'command', 'resources'];

function isMisread(text: string): boolean {
  return MISREAD.test(text) && !AMOUNT.test(text) && !/^--?[a-zA-Z]/.test(text);
}

/** Whether a list is read better on one line. Arguments never are: each may have a reason, and a change shows as one line. */
function isShort(items: readonly unknown[], name: string | undefined): boolean {
  if (items.length === 0) return true;
  if (name !== undefined && LINE_EACH.includes(name)) return false;
  if (!items.every((item) => typeof item === 'string' || typeof item === 'number')) return false;
  const text = items.join(', ');
  // With `⟦…⟧` the Helm chart marks lines of its templates.
  return text.length <= LONGEST_LIST && !/[\n$⟦]/.test(text);
}

/** `env[].value`, `environment.NAME`: quoted even where they need not be, so that an edit cannot change their type. */
function isEnvValue(path: readonly string[]): boolean {
  return (
    (path.at(-3) === 'env' && path.at(-1) === 'value') ||
    path.at(-2) === 'environment' ||
    path.at(-2) === 'annotations'
  );
}

/** The reason of the longest end of a path; list positions do not count. */
export function reasonFor(path: readonly string[], reasons: Reasons): string | undefined {
  const names = path.filter((part) => !/^\d+$/.test(part));
  for (let start = 0; start < names.length; start++) {
    const reason = reasons[names.slice(start).join('.')];
    if (reason !== undefined) return reason === '' ? undefined : reason;
  }
  return undefined;
}

function comment(text: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length >= COMMENT_WIDTH) {
      lines.push(line);
      line = '';
    }
    line += ` ${word}`;
  }
  return [...lines, line].join('\n');
}
