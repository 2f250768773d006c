import { entries, get, list, type Path, text } from '../manifest.js';
import { advice, type Flaw, serverRule } from '../rule.js';
import type { Server } from '../server.js';

/** What Compose takes for a number or a switch; the other words of YAML 1.1 (`on`, `1_000`) are text to it. */
const OF_COMPOSE = /^(?:true|false|0x[\da-f]+|[-+]?[\d.]+(?:e[-+]?\d+)?)$/i;

/** Values that must be text, and that are read as a number or a switch: both readers refuse the file (measured). */
export const yamlTypes = serverRule('yaml-types', 'text that stays text', (server) =>
  textPlaces(server).flatMap(([at, value]) => {
    if (typeof value !== 'number' && typeof value !== 'boolean') return [];
    const typed = server.manifest.bareAt(at) ?? '';
    // Times in base 60 are YAML 1.1 by the book, and text to both.
    const isRead = server.platform === 'compose' ? OF_COMPOSE.test(typed) : !typed.includes(':');
    return isRead ? [flawOf(server, at, value)] : [];
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

function textPlaces({ platform, spec, at, manifest, pod }: Server): [Path, unknown][] {
  const items = (key: string): [Path, unknown][] =>
    list(get(spec, key)).map((item, index) => [[...at, key, index], item]);
  // Values of a map of variables may be numbers in Compose, and so may ports.
  if (platform === 'compose') return ['command', 'entrypoint', 'environment'].flatMap(items);
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
