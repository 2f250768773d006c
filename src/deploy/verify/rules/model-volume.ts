import { get, list, text } from '../manifest.js';
import { advice, ofServer, serverRule } from '../rule.js';
import { placeOfSetting, type Server, setting } from '../server.js';

/** A model below no mount, in an image that carries none. */
export const modelVolume = serverRule('model-volume', 'a volume where the model is looked for', (server) => {
  const path = setting(server, '--model')?.text ?? '';
  if (!path.startsWith('/') || path.includes('$') || !/llama\.cpp:(?:server|full|light)/.test(server.image))
    return [];
  if (mountsOf(server).some((mount) => path.startsWith(`${mount.replace(/\/$/, '')}/`) || mount === path))
    return [];
  const folder = path.slice(0, path.lastIndexOf('/')) || '/models';
  return [
    {
      ...ofServer(server, [], {
        code: 'container.volume-missing',
        severity: 'error',
        title: `nothing is mounted where ${path} is looked for`,
        remedies: advice(`Mount the folder with the model at ${folder}.`),
      }),
      ...placeOfSetting(server, '--model'),
    },
  ];
});

function mountsOf({ platform, spec }: Server): string[] {
  if (platform === 'kubernetes')
    return list(get(spec, 'volumeMounts')).flatMap((mount) => text(get(mount, 'mountPath')) ?? []);
  const named = ['volumes', 'configs', 'secrets'].flatMap((key) => list(get(spec, key)));
  return named.flatMap((mount) => {
    const target = text(get(mount, 'target'));
    if (target !== null) return [target];
    const [, , inside] = /^([^:]+):([^:]+)/.exec(text(mount) ?? '') ?? [];
    return inside ?? [];
  });
}
