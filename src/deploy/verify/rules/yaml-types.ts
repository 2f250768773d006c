import { entries, get, list, type Path, text } from '../manifest.js';
import { advice, type Flaw, serverRule } from '../rule.js';
import type { Server } from '../server.js';

/** Values that must be text, and that YAML 1.1 reads as a number, a switch or a time. */
export const yamlTypes = serverRule('yaml-types', 'text that stays text', (server) =>
  textPlaces(server).flatMap(([at, value]) => {
    if (typeof value === 'string' || value === null || value === undefined || typeof value === 'object')
      return [];
    // Compose makes texts of numbers; Kubernetes refuses them.
    const isSwitch = typeof value === 'boolean';
    if (server.platform === 'compose' && !isSwitch && !isTime(server, at)) return [];
    return [flawOf(server, at, value)];
  }),
);

function flawOf(server: Server, at: Path, value: unknown): Flaw {
  return {
    code: 'config.invalid',
    severity: 'error',
    title: `this is read as ${typeof value === 'boolean' ? 'a switch' : 'a number'} (${text(value)}), and must be text`,
    remedies: advice('Put it in quotes.'),
    manifest: server.manifest,
    at,
  };
}

/** `12:30` is 750 to a reader of YAML 1.1. */
function isTime({ manifest }: Server, at: Path): boolean {
  return /^\d+(?::[0-5]?\d)+$/.test(manifest.bareAt(at) ?? '');
}

function textPlaces({ platform, spec, at, manifest, pod }: Server): [Path, unknown][] {
  const items = (key: string): [Path, unknown][] =>
    list(get(spec, key)).map((item, index) => [[...at, key, index], item]);
  if (platform === 'compose') {
    return [
      ...items('command'),
      ...items('entrypoint'),
      ...items('environment'),
      ...items('ports').filter(([, port]) => typeof port !== 'object'),
      ...entries(get(spec, 'environment')).map(([name, value]): [Path, unknown] => [
        [...at, 'environment', name],
        value,
      ]),
    ];
  }
  const metadata = [...(pod?.at.slice(0, -1) ?? []), 'metadata'];
  return [
    ...items('command'),
    ...items('args'),
    ...list(get(spec, 'env')).map((item, index): [Path, unknown] => [
      [...at, 'env', index, 'value'],
      get(item, 'value'),
    ]),
    ...['labels', 'annotations'].flatMap((key) =>
      entries(get(manifest.value, ...metadata, key)).map(([name, value]): [Path, unknown] => [
        [...metadata, key, name],
        value,
      ]),
    ),
  ];
}
