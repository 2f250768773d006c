import type { Import, ImportGraph } from './import-graph.js';

/**
 * Which folder of `src/` may load which (docs/development.md). `types`: from where types alone may come as well; `*` is
 * everywhere.
 */
const FOLDERS: Readonly<
  Record<string, { readonly may: readonly string[]; readonly types: readonly string[] }>
> = {
  commands: { may: ['cli', 'services', 'diagnose', 'deploy', 'render', 'errors', 'server'], types: ['*'] },
  cli: { may: ['commands', 'services', 'client', 'config', 'render', 'wire', 'errors'], types: ['*'] },
  services: { may: ['client', 'catalogue', 'config', 'wire', 'errors'], types: [] },
  diagnose: {
    may: ['services', 'server', 'client', 'catalogue', 'config', 'wire', 'errors'],
    types: [],
  },
  deploy: { may: ['client', 'catalogue', 'config', 'wire', 'errors'], types: [] },
  server: { may: ['client', 'catalogue', 'config', 'wire', 'errors'], types: [] },
  client: { may: ['catalogue', 'wire', 'errors'], types: [] },
  catalogue: { may: ['wire', 'errors'], types: [] },
  config: { may: ['wire', 'errors'], types: [] },
  render: { may: [], types: ['*'] },
  wire: { may: [], types: [] },
  errors: { may: [], types: [] },
  // The library's entry.
  'index.ts': { may: ['services', 'client', 'catalogue', 'config', 'errors', 'wire'], types: [] },
};

/** Packages that only these folders may import. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  '@oclif/core': ['commands', 'cli'],
  undici: ['client'],
  'eventsource-parser': ['client'],
  chalk: ['render'],
  'cli-table3': ['render'],
  ora: ['render'],
};

/** Commands are loaded by their list alone. */
const COMMAND_LIST = 'cli/commands.ts';
/** The one file that hands on what others export. */
const LIBRARY_ENTRY = 'index.ts';
export const LONGEST_COMMAND = 110;
export const LONGEST_SOURCE = 350;

/** What of a graph is against the rules, one line each. */
export function offences(graph: ImportGraph, declared: ReadonlySet<string>): string[] {
  return [
    ...graph.imports.flatMap((each) => {
      const problem = each.ours ? wrongDirection(each) : wrongPackage(each, declared);
      return problem === null ? [] : [`${each.from}:${each.line} ${problem}`];
    }),
    ...graph.imports
      .filter(({ from, reexport }) => reexport && from !== LIBRARY_ENTRY)
      .map(({ from, line, to }) => `${from}:${line} hands ${to} on: import it from there`),
    ...graph.sources
      .filter(({ path }) => path !== LIBRARY_ENTRY && /(?:^|\/)index\.ts$/.test(path))
      .map(({ path }) => `${path} is a barrel: name the file after what is in it`),
    ...graph.unreadable.map(
      ({ from, line }) => `${from}:${line} imports what only the running program knows`,
    ),
    ...graph.sources
      .filter(({ path, lines }) => lines > longest(path))
      .map(({ path, lines }) => `${path} has ${lines} lines, over ${longest(path)}`),
    ...cycles(graph.imports).map((cycle) => `a cycle: ${cycle.join(' → ')}`),
  ];
}

function wrongDirection({ from, to, typeOnly }: Import): string | null {
  const [here, there] = [folderOf(from), folderOf(to)];
  if (to.startsWith('../')) return `reaches out of src: ${to}`;
  const rule = FOLDERS[here];
  if (rule === undefined) return `is in ${here}/, which the table does not have`;
  if (there === 'commands' && here !== 'commands' && from !== COMMAND_LIST && !typeOnly)
    return `loads ${to}, which only ${COMMAND_LIST} may`;
  if (here === there || rule.may.includes(there)) return null;
  if (typeOnly && (rule.types.includes('*') || rule.types.includes(there))) return null;
  return `${typeOnly ? 'takes a type of' : 'loads'} ${to}: ${here} may not import ${there}`;
}

function wrongPackage({ from, to }: Import, declared: ReadonlySet<string>): string | null {
  if (to.startsWith('node:')) return null;
  const name = to
    .split('/')
    .slice(0, to.startsWith('@') ? 2 : 1)
    .join('/');
  if (!declared.has(name)) return `imports ${name}, which package.json does not have`;
  const folders = PACKAGES[name];
  if (folders === undefined || folders.includes(folderOf(from))) return null;
  return `imports ${name}, which only ${folders.join(' and ')} may`;
}

function longest(path: string): number {
  return folderOf(path) === 'commands' ? LONGEST_COMMAND : LONGEST_SOURCE;
}

function folderOf(path: string): string {
  return path.split('/', 1)[0] ?? path;
}

/** One cycle for each group of files that import each other, types and `import()` counted too. */
function cycles(imports: readonly Import[]): string[][] {
  const next = new Map<string, Set<string>>();
  for (const { from, to, ours } of imports) {
    if (!ours) continue;
    const targets = next.get(from) ?? new Set();
    next.set(from, targets.add(to));
  }
  const found: string[][] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const at = path.indexOf(file);
    if (at >= 0) {
      found.push([...path.slice(at), file]);
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const target of next.get(file) ?? []) visit(target);
    path.pop();
    done.add(file);
  };
  for (const file of next.keys()) visit(file);
  return found;
}
