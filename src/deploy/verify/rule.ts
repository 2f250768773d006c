import type { Finding } from '../../catalogue/entry.js';
import type { Remedy } from '../../errors/llamactl-error.js';
import { entries, get, type Manifest, type Path } from './manifest.js';
import type { Server } from './server.js';

/** All that is verified together: an object may be made good or bad by another. */
export interface Project {
  readonly manifests: readonly Manifest[];
  readonly servers: readonly Server[];
}

/** Something wrong, and where. */
export interface Flaw {
  readonly code: Finding['code'];
  readonly severity: Finding['severity'];
  readonly title: string;
  readonly evidence?: readonly string[];
  readonly remedies: readonly Remedy[];
  readonly manifest: Manifest;
  readonly at: Path;
  /** Of a longer text: the word, for its line. */
  readonly word?: string | undefined;
}

/** One thing to look for. Adding one is a file, and a line in rules.ts. */
export interface Rule {
  /** In kebab case: the name of its file, and of the check in findings. */
  readonly id: string;
  /** What it looks for, in a few words. */
  readonly title: string;
  find(project: Project): readonly Flaw[];
}

/** A remedy of one sentence. @param commands what to write instead, a line each */
export function advice(text: string, ...commands: readonly string[]): readonly Remedy[] {
  return [{ text, commands }];
}

/** A flaw of a server's container. @param at below the container */
export function ofServer(
  { manifest, at: above }: Server,
  at: Path,
  flaw: Omit<Flaw, 'manifest' | 'at'>,
): Flaw {
  return { ...flaw, manifest, at: [...above, ...at] };
}

/** A rule that looks at one server at a time. */
export function serverRule(
  id: string,
  title: string,
  find: (server: Server, project: Project) => readonly Flaw[],
): Rule {
  return { id, title, find: (project) => project.servers.flatMap((server) => find(server, project)) };
}

/** Whether a Service leads to a server's pods. */
export function selects(service: unknown, { manifest, pod }: Server): boolean {
  const labels = get(manifest.value, ...(pod?.at.slice(0, -1) ?? []), 'metadata', 'labels');
  const wanted = entries(get(service, 'spec', 'selector'));
  return wanted.length > 0 && wanted.every(([name, value]) => get(labels, name) === value);
}
