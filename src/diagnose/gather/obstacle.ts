import { type Facts, knownValue } from '../facts.js';

/** Why a server is not asked for work, and what can be looked at all the same. */
export interface Obstacle {
  /** Null where nothing is in the way. */
  readonly reason: string | null;
  /** Which of a router's models is asked. */
  readonly model: { readonly model?: string };
  /** A router's loaded model that is another than the one asked for: whether it is busy decides if that one can be loaded. */
  readonly watch?: string;
}

/**
 * What keeps a server from being asked for work: it does not answer, wants a key, sleeps, or is a router that would have to load
 * a model.
 * @param wake whether a model may be woken or loaded
 */
export function obstacleOf(
  { health, props, models, configured }: Pick<Facts, 'health' | 'props' | 'models' | 'configured'>,
  wake: boolean,
): Obstacle {
  const blocked = (reason: string): Obstacle => ({ reason, model: {} });
  if (health.state !== 'known') return blocked('the server does not answer as it should');
  if (props.state === 'failed' && props.error.type === 'AUTHENTICATION_ERROR') return blocked('needs a key');
  if (health.value.status === 'asleep' && !wake)
    return blocked('the model sleeps: asking would wake it (--wake does)');
  if (knownValue(props)?.role !== 'router') return { reason: null, model: {} };
  const wanted = (knownValue(models) ?? []).filter(
    ({ id, aliases }) =>
      configured.model === null || id === configured.model || aliases.includes(configured.model),
  );
  const loaded = wanted.find(({ status }) => status === 'ready') ?? (wake ? wanted[0] : undefined);
  if (loaded !== undefined) return { reason: null, model: { model: loaded.id } };
  const other = (knownValue(models) ?? []).find(({ status }) => status === 'ready');
  return {
    ...blocked('a router without a loaded model: asking would load one (--wake does)'),
    ...(other === undefined ? {} : { watch: other.id }),
  };
}
