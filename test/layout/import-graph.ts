import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isCallExpression, type Node, type SourceFile, SyntaxKind } from 'typescript/unstable/ast';
import { API } from 'typescript/unstable/sync';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/** One `import`, `export … from` or `import()` of a source file. */
export interface Import {
  /** Path below `src/`, as `client/http.ts`. */
  readonly from: string;
  readonly line: number;
  /** Path below `src/` for a file of ours, else the name as written: `undici/lib/dispatcher/agent.js`. */
  readonly to: string;
  readonly ours: boolean;
  /** Erased when compiled. `import { type X }` is not: its file is still loaded. */
  readonly typeOnly: boolean;
  /** `export … from`. */
  readonly reexport: boolean;
}

export interface Source {
  readonly path: string;
  readonly lines: number;
}

export interface ImportGraph {
  readonly sources: readonly Source[];
  readonly imports: readonly Import[];
  /** `import(EXPRESSION)`: what no table can hold. */
  readonly unreadable: readonly { readonly from: string; readonly line: number }[];
}

export interface ImportReader {
  /** The imports of `src/`. @param madeUp files to read instead, by path below `src/`: to see what the rules say of them */
  read(madeUp?: Readonly<Record<string, string>>): ImportGraph;
  close(): void;
}

/** Reads imports as TypeScript itself does, types and `import()` too. */
export function importReader(): ImportReader {
  const virtual = new Map<string, string>();
  let projects = 0;
  const api = new API({
    cwd: ROOT,
    fs: {
      readFile: (path) => virtual.get(path),
      fileExists: (path) => (virtual.has(path) ? true : undefined),
    },
  });
  return {
    read(madeUp) {
      // A folder of its own for each: TypeScript keeps what it has read.
      const folder = madeUp === undefined ? ROOT : join(ROOT, `made-up-${projects++}`);
      const src = join(folder, 'src');
      const texts = Object.entries(madeUp ?? {}).map(([path, text]) => [join(src, path), text] as const);
      const config = slashed(join(folder, 'tsconfig.layout.json'));
      const what = madeUp === undefined ? { include: ['src'] } : { files: texts.map(([path]) => path) };
      // Each file by itself: nothing is followed, nothing is checked.
      const compilerOptions = {
        module: 'nodenext',
        target: 'es2022',
        noResolve: true,
        noLib: true,
        types: [],
      };
      virtual.clear();
      for (const [path, text] of texts) virtual.set(slashed(path), text);
      virtual.set(config, JSON.stringify({ compilerOptions, ...what }));
      const snapshot = api.updateSnapshot({ openProjects: [config] });
      const project = snapshot.getProject(config);
      if (project === undefined) throw new Error(`TypeScript does not know ${config}`);
      const files = project.rootFiles.flatMap((path) => project.program.getSourceFile(path) ?? []);
      const graph = {
        sources: files.map((file) => ({ path: below(src, file.fileName), lines: linesOf(file.text) })),
        imports: files.flatMap((file) => importsOf(file, src)),
        unreadable: files.flatMap((file) => unreadableImports(file, src)),
      };
      snapshot.dispose();
      return graph;
    },
    close: () => api.close(),
  };
}

function importsOf(file: SourceFile, src: string): Import[] {
  return file.imports.flatMap((node) => {
    if (!('text' in node) || typeof node.text !== 'string') return [];
    const name = node.text;
    const ours = name.startsWith('.');
    const target = join(dirname(file.fileName), name).replace(/\.js$/, '.ts');
    return {
      from: below(src, file.fileName),
      line: lineOf(file, node),
      to: ours ? below(src, target) : name,
      ours,
      typeOnly: isTypeOnly(node.parent),
      reexport: node.parent.kind === SyntaxKind.ExportDeclaration,
    };
  });
}

function isTypeOnly(statement: Node): boolean {
  // `import('…').Type` in a type.
  if (statement.kind === SyntaxKind.LiteralType) return true;
  if ('isTypeOnly' in statement && statement.isTypeOnly === true) return true;
  const clause = 'importClause' in statement ? statement.importClause : undefined;
  return (
    typeof clause === 'object' && clause !== null && 'isTypeOnly' in clause && clause.isTypeOnly === true
  );
}

function unreadableImports(file: SourceFile, src: string): { from: string; line: number }[] {
  if (!/\bimport\s*\(/.test(file.text)) return [];
  const found: { from: string; line: number }[] = [];
  const visit = (node: Node): undefined => {
    if (isCallExpression(node) && node.expression.kind === SyntaxKind.ImportKeyword) {
      const argument = node.arguments[0];
      if (argument !== undefined && !file.imports.some((known) => known.pos === argument.pos))
        found.push({ from: below(src, file.fileName), line: lineOf(file, node) });
    }
    node.forEachChild(visit);
  };
  visit(file);
  return found;
}

function lineOf(file: SourceFile, node: Node): number {
  return file.getLineAndCharacterOfPosition(node.getStart()).line + 1;
}

function linesOf(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

function below(folder: string, path: string): string {
  return slashed(relative(folder, path));
}

function slashed(path: string): string {
  return path.replaceAll('\\', '/');
}
