import type { Complaint } from '../problem.js';
import type { ReadConfig } from '../read.js';
import type { Provider } from '../schema.js';
import type { ObjectNode, ScalarNode } from '../tree.js';
import type { Environment } from '../variables.js';

/** A server as a file of any form names it, whether or not its schema is content. */
export interface ServerEntry {
  readonly name: string;
  /** Of its group of keys, in the file. */
  readonly path: readonly PropertyKey[];
  readonly node: ObjectNode;
  readonly provider: Provider;
  /** Its address, variables in place; null where it has none or a variable is not set. */
  readonly url: string | null;
}

/** A text in a file, and where. */
export interface TextAt {
  readonly value: string;
  readonly node: ScalarNode;
  readonly path: readonly PropertyKey[];
}

/** A file of the disk, as far as rules need it. */
export interface FileFacts {
  readonly path: string;
  /** Null where it is not there. */
  readonly stats: { readonly mode: number; readonly readableByOthers: boolean; readonly size: number } | null;
}

/** All that rules reason from, gathered before. */
export interface LintContext {
  readonly read: ReadConfig & { readonly tree: NonNullable<ReadConfig['tree']> };
  readonly servers: readonly ServerEntry[];
  /** Literal secrets, not variables. */
  readonly secrets: readonly TextAt[];
  /** What variables in the file are looked up in. */
  readonly env: Environment;
  /** The file itself; null for what came from stdin or the environment. */
  readonly disk: (FileFacts & { readonly trackedByGit: boolean }) | null;
  /** By the text of `apiKeyFile`. */
  readonly keyFiles: ReadonlyMap<string, FileFacts>;
}

/** What the schema cannot say. Complaints are warnings unless they say otherwise. */
export type LintRule = (context: LintContext) => readonly Complaint[];

/** The rule over each server. */
export function eachServer(
  check: (server: ServerEntry, context: LintContext) => readonly Complaint[],
): LintRule {
  return (context) => context.servers.flatMap((server) => check(server, context));
}
