import type { Edit } from '../services/config-edit.js';
import { contextOfServer } from './checks/context-size.js';
import { knownValue } from './facts.js';
import type { Diagnosis } from './runner.js';

/**
 * What of a diagnosis can be mended in the user's own configuration: the address, the model, the context. A server is never
 * touched.
 * @returns nothing for a server that the configuration does not name
 */
export function editsFor(diagnosis: Diagnosis): Edit[] {
  const { target, findings } = diagnosis;
  if (target === null) return [];
  const codes = new Set<string>(findings.map(({ code }) => code));
  const at = (...path: readonly PropertyKey[]) => ['targets', target, ...path];
  const address = codes.size === 0 ? null : addressFor(diagnosis, codes);
  return [
    ...(address === null ? [] : [{ path: at('baseUrl'), instead: diagnosis.url, ...address }]),
    ...(codes.has('model.not-found') ? modelEdits(diagnosis, at) : []),
    ...(codes.has('context.slot-too-small') ? contextEdits(diagnosis, at) : []),
  ];
}

type At = (...path: readonly PropertyKey[]) => readonly PropertyKey[];

function addressFor(
  { url, facts }: Diagnosis,
  codes: ReadonlySet<string>,
): { readonly value: string; readonly reason: string } | null {
  const answering = knownValue(facts.path)?.url ?? null;
  if (codes.has('connection.wrong-path') && answering !== null && answering !== url)
    return {
      value: answering,
      reason: facts.program === 'llama.cpp' ? 'a llama-server answers there' : 'it answers there',
    };
  if (codes.has('connection.tls-mismatch') && knownValue(facts.otherScheme)?.answers) {
    const value = url.startsWith('https:')
      ? url.replace(/^https:/, 'http:')
      : url.replace(/^http:/, 'https:');
    return { value, reason: 'that is what the port speaks' };
  }
  const moved = knownValue(facts.moved);
  if (moved?.answers) return { value: moved.url, reason: 'a llama-server answers there' };
  // Where another program is meant, a llama-server elsewhere is none of its business.
  if (!codes.has('connection.refused') || facts.configured.provider !== 'llama-cpp') return null;
  const listening = (knownValue(facts.local)?.processes ?? [])
    .filter(({ routerPid }) => routerPid === undefined)
    .flatMap(({ ports }) => ports);
  const [port, second] = [...new Set(listening)];
  // With several nobody can tell which is meant.
  if (port === undefined || second !== undefined) return null;
  const other = new URL(url);
  other.port = String(port);
  return {
    value: other.href.replace(/\/$/, ''),
    reason: 'the one llama-server of this machine listens there',
  };
}

function modelEdits({ facts }: Diagnosis, at: At): Edit[] {
  const served = knownValue(facts.models) ?? [];
  const [first, second] = served;
  const has = (name: string) => served.some(({ id, aliases }) => id === name || aliases.includes(name));
  return facts.configured.models.flatMap((name, index) => {
    if (has(name)) return [];
    const near =
      served.find(({ id }) => id.toLowerCase().includes(name.toLowerCase())) ?? (second ? undefined : first);
    return near === undefined
      ? []
      : [{ path: at('models', index), value: near.id, reason: 'the server has this one' }];
  });
}

function contextEdits({ facts }: Diagnosis, at: At): Edit[] {
  const { perSlot } = contextOfServer(facts);
  if (perSlot === null) return [];
  const reason =
    facts.program === 'llama.cpp'
      ? 'that is what a slot of the server holds'
      : 'that is what the server gives a request';
  return [
    { path: at('contextWindow'), value: perSlot, reason },
    { path: at('performance', 'nCtx'), value: perSlot, reason },
  ];
}
