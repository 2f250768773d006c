import type { Complaint } from '../problem.js';
import type { ReadConfig } from '../read.js';
import type { Provider } from '../schema.js';
import { entryOf, type ObjectNode, type ScalarNode } from '../tree.js';
import { type Environment, substituted } from '../variables.js';

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

/** An address that stands in a file: its text, variables in place, and where. */
export interface AddressAt {
  readonly url: string;
  readonly text: TextAt;
}

/** The rule over each address of each server, where its variables are set: `baseUrl`, and each of `baseUrls`. */
export function eachAddress(
  check: (address: AddressAt, server: ServerEntry, context: LintContext) => readonly Complaint[],
): LintRule {
  return eachServer((server, context) =>
    addressesOf(server).flatMap((text) => {
      const url = substituted(text.value, context.env);
      return url === null ? [] : check({ url, text }, server, context);
    }),
  );
}

function addressesOf({ node, path }: ServerEntry): TextAt[] {
  const one = entryOf(node, 'baseUrl')?.value;
  const several = entryOf(node, 'baseUrls')?.value;
  const items = several?.kind === 'array' ? several.items : [];
  const found = [
    ...(one === undefined ? [] : [{ node: one, path: [...path, 'baseUrl'] }]),
    ...items.map(({ value }, index) => ({ node: value, path: [...path, 'baseUrls', index] })),
  ];
  return found.flatMap((each) =>
    each.node.kind === 'scalar' && typeof each.node.value === 'string'
      ? [{ node: each.node, path: each.path, value: each.node.value }]
      : [],
  );
}

/** The rule over each server. */
export function eachServer(
  check: (server: ServerEntry, context: LintContext) => readonly Complaint[],
): LintRule {
  return (context) => context.servers.flatMap((server) => check(server, context));
}
