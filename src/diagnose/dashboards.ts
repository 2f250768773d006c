import { readFile } from 'node:fs/promises';
import { usageError } from '../errors/llamactl-error.js';
import type { DashboardFacts } from './facts.js';

/** A metric's name as queries write it, in JSON and YAML alike. */
const METRIC = /\bllamacpp:[a-zA-Z_][a-zA-Z0-9_]*/g;

/**
 * The metrics of llama-server's that files ask for: dashboards of Grafana, rules of Prometheus.
 * @throws LlamactlError (usage) where one cannot be read, or asks for none
 */
export async function readDashboards(files: readonly string[]): Promise<DashboardFacts[]> {
  return Promise.all(
    files.map(async (file) => {
      const text = await readFile(file, 'utf8').catch((error: Error) => {
        throw usageError(`--dashboard: ${file} cannot be read: ${error.message}`);
      });
      const metrics = [...new Set(text.match(METRIC) ?? [])].sort();
      if (metrics.length === 0)
        throw usageError(`--dashboard: ${file} asks for no metric of llama-server (llamacpp:…)`);
      return { file, metrics };
    }),
  );
}
