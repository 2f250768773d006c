import { get } from '../manifest.js';
import { advice, type Rule } from '../rule.js';

export const composeVersion: Rule = {
  id: 'compose-version',
  title: 'no version: in Compose files',
  find: ({ manifests, servers }) =>
    manifests
      .filter(
        (manifest) =>
          get(manifest.value, 'version') !== undefined &&
          servers.some((server) => server.platform === 'compose' && server.manifest === manifest),
      )
      .map((manifest) => ({
        code: 'config.invalid',
        severity: 'warning',
        title: 'version: is obsolete, and Docker warns of it at every command',
        remedies: advice('Leave the line out.'),
        manifest,
        at: ['version'],
      })),
};
