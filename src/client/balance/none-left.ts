import { LlamactlError } from '../../errors/llamactl-error.js';
import { type Candidate, eligibleFor } from './pick.js';

/** A server by its address. */
export interface NamedCandidate extends Candidate {
  readonly baseUrl: string;
}

/** No server can be asked: one error, with each server's cause. It is of the kind that most of them have. */
export function noneLeft(servers: readonly NamedCandidate[], model: string | null): LlamactlError {
  const eligible = new Set(eligibleFor(servers, model));
  const errors = servers.flatMap(({ state }, index) =>
    eligible.has(index) && state.error !== null ? [state.error] : [],
  );
  // The client was ended while it looked.
  const ended = errors.find(({ type }) => type === 'INTERRUPTED');
  if (ended !== undefined) return ended;
  const counts = errors.map(({ code }) => errors.filter((other) => other.code === code).length);
  const chief = errors[counts.indexOf(Math.max(...counts))];
  const evidence = servers.map(({ baseUrl, state }, index) => {
    if (!eligible.has(index)) return `${baseUrl}: has no model "${model}", but ${listed(state.models)}`;
    return `${baseUrl}: ${state.error?.message ?? 'not asked yet'}`;
  });
  const whose = eligible.size === servers.length ? '' : ` that have "${model}"`;
  return new LlamactlError({
    type: chief?.type ?? 'CONNECTION_ERROR',
    code: chief?.code ?? 'connection.refused',
    message: `none of the ${eligible.size} servers${whose} can be asked`,
    evidence,
    remedies: chief?.remedies ?? [],
    cause: chief,
    details: { servers: servers.map(({ baseUrl, state }) => ({ baseUrl, code: state.error?.code ?? null })) },
  });
}

export function listed(names: readonly string[] | null): string {
  if (names === null || names.length === 0) return 'nothing that it tells';
  return names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} …`;
}
