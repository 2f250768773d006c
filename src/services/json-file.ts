import { readFileSync } from 'node:fs';
import { usageError } from '../errors/llamactl-error.js';

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * A JSON file that a flag names.
 * @throws LlamactlError (usage) saying where the file is not JSON
 */
export function readJsonFile(path: string, flag: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw usageError(
      `${flag}: ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw usageError(
      `${flag}: ${path}${placeOf(error, text)} is not JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `:LINE:COLUMN` of a JSON syntax error, where Node tells the position. */
function placeOf(error: unknown, text: string): string {
  const at = error instanceof Error ? /at position (\d+)/.exec(error.message)?.[1] : undefined;
  if (at === undefined) return '';
  const before = text.slice(0, Number(at)).split('\n');
  return `:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}
