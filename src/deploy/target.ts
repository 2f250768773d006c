import type { DeployOptions } from './options.js';
import type { ApiKey, DeployPlan } from './plan.js';

/** A file to write, below the folder of the output. */
export interface GeneratedFile {
  /** With `/` between folders. */
  readonly path: string;
  readonly content: string;
  /** A key that it holds: others must not read the file, and where it was made up, the one that is there already is kept. */
  readonly key?: ApiKey;
}

export interface TargetOptions {
  /** Whether every line gets its reason, as a comment. */
  readonly explain: boolean;
}

/** What to type after the files are there. */
export interface NextStep {
  readonly text: string;
  readonly commands: readonly string[];
}

/** A kind of manifests. Adding one is a file, and a line in targets.ts. */
export interface DeployTarget {
  /** The files, the first of them the one that people read first. Pure: the same plan gives the same bytes. */
  files(plan: DeployPlan, options: TargetOptions): GeneratedFile[];
  /** All files as one stream, for a pipe; null where they cannot be one. */
  stream(files: readonly GeneratedFile[]): string | null;
  /** Whether it checks local files by their SHA-256, which is then computed. */
  hashes(options: DeployOptions): boolean;
  /** Options that say nothing to this target. */
  readonly unused: readonly (keyof DeployOptions)[];
  /** What this target leaves out of what was asked for. */
  warnings(plan: DeployPlan): string[];
  /** @param folder where the files are; null where they went to stdout */
  next(plan: DeployPlan, folder: string | null): NextStep[];
}
