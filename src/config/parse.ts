import { LineCounter, parseDocument, visit } from 'yaml';
import type * as z from 'zod';
import { LlamactlError } from '../errors/llamactl-error.js';
import { fromNanocoder, nanocoderSchema } from './nanocoder.js';
import { type ConfigFile, configSchema } from './schema.js';

/** A configuration file, read. */
export interface ParsedConfig {
  readonly config: ConfigFile;
  /** Whether it is nanocoder's rather than ours. */
  readonly isNanocoder: boolean;
  /** `7` or `7:9` of the value (or the key) at a JSON path; null where it is not in the file. */
  readonly positionOf: (
    path: readonly PropertyKey[],
  ) => { readonly line: number; readonly column: number } | null;
}

/**
 * Reads a configuration: YAML, and JSON as the YAML that it is (with comments tolerated, and duplicate keys reported).
 * @param file named in errors
 * @throws LlamactlError (config.invalid) with file, line, column, JSON path and what is allowed
 */
export function parseConfig(text: string, file: string): ParsedConfig {
  const lines = new LineCounter();
  const isJson = file.endsWith('.json');
  const document = parseDocument(isJson ? withoutJsonComments(text) : text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    // JSON allows tabs as indentation, and so does this where braces say what belongs together.
    strict: !isJson,
  });
  const positionOf: ParsedConfig['positionOf'] = (path) => {
    const node: unknown = document.getIn(path, true);
    const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
    if (!Array.isArray(range) || typeof range[0] !== 'number') return null;
    const { line, col } = lines.linePos(range[0]);
    return { line, column: col };
  };
  const [syntax] = document.errors;
  if (syntax !== undefined) {
    const { line, col } = lines.linePos(syntax.pos[0]);
    throw configError(
      `${file}:${line}:${col}: ${syntax.message.toLowerCase().startsWith('map keys must be unique') ? 'a key stands here twice' : `it cannot be read: ${syntax.message}`}`,
    );
  }
  let aliases = 0;
  visit(document, { Alias: () => void aliases++ });
  const value: unknown = document.toJS({ maxAliasCount: 100 });
  const isNanocoder =
    typeof value === 'object' &&
    value !== null &&
    !('targets' in value) &&
    ('nanocoder' in value || 'providers' in value);
  if (isNanocoder)
    return {
      config: fromNanocoder(check(nanocoderSchema, value, file, positionOf)),
      isNanocoder,
      positionOf,
    };
  return { config: check(configSchema, value, file, positionOf), isNanocoder, positionOf };
}

function check<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  file: string,
  positionOf: ParsedConfig['positionOf'],
): z.infer<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => {
    const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : issue.path;
    const position = positionOf(path) ?? positionOf(issue.path);
    const where = position === null ? file : `${file}:${position.line}:${position.column}`;
    const name = path.map(String).join('.');
    const what =
      issue.code === 'unrecognized_keys'
        ? 'unknown key'
        : issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
    return `${where}: ${name === '' ? '' : `${name}: `}${what}`;
  });
  throw configError(problems[0] ?? `${file} is no configuration`, problems.slice(1, 10));
}

function configError(message: string, evidence: readonly string[] = []): LlamactlError {
  return new LlamactlError({
    type: 'USAGE_ERROR',
    code: 'config.invalid',
    message,
    evidence,
    remedies: [
      {
        text: 'Correct the file, or do without it:',
        commands: ['llamactl health --url http://localhost:8080'],
      },
    ],
  });
}

/** Comments of JSONC, blanked so that every position stays. */
function withoutJsonComments(text: string): string {
  return text.replace(/"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (found) =>
    found.startsWith('"') ? found : found.replace(/[^\n]/g, ' '),
  );
}
