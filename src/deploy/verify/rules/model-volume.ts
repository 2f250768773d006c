import { advice, ofServer, serverRule } from '../rule.js';
import { mountsOf, placeOfSetting, setting } from '../server.js';

/** A model below no mount, in an image that carries none. */
export const modelVolume = serverRule('model-volume', 'a volume where the model is looked for', (server) => {
  const path = setting(server, '--model')?.text ?? '';
  if (!path.startsWith('/') || path.includes('$') || !/llama\.cpp:(?:server|full|light)/.test(server.image))
    return [];
  const targets = mountsOf(server).map(({ target }) => target);
  if (targets.some((mount) => path.startsWith(`${mount.replace(/\/$/, '')}/`) || mount === path)) return [];
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
