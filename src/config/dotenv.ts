import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from './variables.js';

const LINE =
  /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=\s*(?:'([^']*)'|"((?:[^"\\]|\\.)*)"|`([^`]*)`|([^#\r\n]*))/;

/**
 * The environment that nanocoder's files are read with: `.env` of the working folder beneath the process's own, as
 * nanocoder has it. For variables in its files only; llamactl's own settings never come from a `.env`.
 */
export function withDotenv(cwd: string, env: Environment): Environment {
  let text: string;
  try {
    text = readFileSync(join(cwd, '.env'), 'utf8');
  } catch {
    return env;
  }
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
  return { ...parseDotenv(text), ...given };
}

/** `NAME=value` lines: quotes of three kinds, `export`, comments. */
export function parseDotenv(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const [, name, single, double, back, bare] = LINE.exec(line) ?? [];
    if (name === undefined) continue;
    values[name] =
      single ?? double?.replace(/\\n/g, '\n').replace(/\\(.)/g, '$1') ?? back ?? bare?.trim() ?? '';
  }
  return values;
}
