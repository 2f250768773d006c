import { type Dirent, readdirSync, statSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { usageError } from '../errors/llamactl-error.js';

/** Folders that nobody means by `**`. */
const PASSED_OVER = new Set(['node_modules', '.git']);

/**
 * The files that words mean: names as they are, and patterns (`*`, `?`, `**`, `[…]`, `{a,b}`), for where no shell has
 * expanded them.
 * @throws LlamactlError (usage) for a pattern that nothing matches
 */
export function expandFiles(words: readonly string[], cwd: string): string[] {
  const files = words.flatMap((word) => {
    if (word === '-' || !/[*?[{]/.test(word) || isThere(resolve(cwd, word))) return [word];
    const found = matching(word, cwd);
    if (found.length === 0) throw usageError(`no file matches ${word}`);
    return found;
  });
  return [...new Set(files)];
}

function matching(pattern: string, cwd: string): string[] {
  const normal = pattern.split(sep).join('/');
  const fixed = normal.split('/');
  const wild = fixed.findIndex((part) => /[*?[{]/.test(part));
  const base = fixed.slice(0, wild).join('/') || (normal.startsWith('/') ? '/' : '.');
  const rest = fixed.slice(wild).join('/');
  const root = resolve(cwd, base);
  const expression = new RegExp(`^${toExpression(rest)}$`);
  const deep = rest.includes('**') ? Number.POSITIVE_INFINITY : rest.split('/').length;
  const prefix = base === '.' && !normal.startsWith('./') ? '' : base;
  return filesIn(root, deep)
    .map((path) => relative(root, path).split(sep).join('/'))
    .filter((path) => expression.test(path))
    .sort()
    .map((path) => (prefix === '' ? path : join(prefix, path)));
}

function filesIn(folder: string, depth: number): string[] {
  if (depth <= 0) return [];
  return entriesOf(folder).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return PASSED_OVER.has(entry.name) ? [] : filesIn(path, depth - 1);
    return [path];
  });
}

/** Nothing for a folder that is not there, or not ours to read. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** A pattern as a regular expression. Names that begin with a dot match patterns that do. */
function toExpression(pattern: string): string {
  return pattern.replace(/\*\*\/|\*\*|\*|\?|\[!?[^\]]+\]|\{[^{}]*\}|[.+^$()|\\]/g, (found) => {
    if (found === '**/') return '(?:(?!\\.)[^/]+/)*';
    if (found === '**') return '.*';
    if (found === '*') return '(?!\\.)[^/]*';
    if (found === '?') return '[^/.]';
    if (found.startsWith('[')) return found.replace(/^\[!/, '[^');
    if (found.startsWith('{')) return `(?:${found.slice(1, -1).split(',').map(toExpression).join('|')})`;
    return `\\${found}`;
  });
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
