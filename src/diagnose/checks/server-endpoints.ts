import { type Check, passed, skipped } from '../check.js';
import { knownValue } from '../facts.js';

/** Which endpoints are on, and which flag turns the others on. */
export const serverEndpoints: Check = {
  id: 'server.endpoints',
  title: 'which endpoints are on',
  category: 'server',
  needs: ['key.accepted'],
  asks: ['props', 'endpoints'],
  run({ props, endpoints }) {
    if (props.state !== 'known')
      return skipped(props.state === 'failed' ? props.error.message : props.reason);
    const { endpoint_metrics, endpoint_slots, endpoint_props, role } = props.value;
    if (role === 'router') return skipped("a router's models have their own");
    const asked = knownValue(endpoints);
    const all: readonly (readonly [name: string, flag: string, isOn: boolean | null | undefined])[] = [
      ['metrics', '--metrics', endpoint_metrics],
      ['slots', '--slots', endpoint_slots],
      ['embeddings', '--embeddings', asked?.embeddings],
      ['rerank', '--reranking', asked?.rerank],
      ['changing props', '--props', endpoint_props],
    ];
    const on = all.flatMap(([name, , isOn]) => (isOn === true ? [name] : []));
    const off = all.flatMap(([name, flag, isOn]) => (isOn === false ? [`${name} (${flag})`] : []));
    if (on.length + off.length === 0) return skipped('the server does not tell');
    return passed(
      [
        ...(on.length > 0 ? [`on: ${on.join(', ')}`] : []),
        ...(off.length > 0 ? [`off: ${off.join(', ')}`] : []),
      ].join('; '),
    );
  },
};
