import type { HealthResult } from '../health.js';
import { type GatherOptions, gatherGateFacts } from './gather.js';
import { judge, type Requirement } from './requirements.js';

/**
 * Holds requirements against a server that was just looked at. One that is not ready is not asked.
 * @returns the look, with how each requirement came out
 * @throws LlamactlError (interrupted)
 */
export async function holdAgainst(
  result: HealthResult,
  requirements: readonly Requirement[],
  options: Omit<GatherOptions, 'report' | 'wanted'>,
): Promise<HealthResult> {
  const { report } = result;
  if (!report.ready) return result;
  const wanted = new Set(requirements.map(({ fact }) => fact));
  const facts = await gatherGateFacts({ ...options, report, wanted });
  return {
    ...result,
    report: { ...report, requirements: requirements.map((requirement) => judge(requirement, facts)) },
  };
}

/** Whether a server is ready and has what was required of it. */
export function passes({ report }: Pick<HealthResult, 'report'>): boolean {
  return report.ready && (report.requirements ?? []).every(({ held }) => held);
}
