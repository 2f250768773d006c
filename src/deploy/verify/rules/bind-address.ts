import { advice, ofServer, serverRule } from '../rule.js';
import { isOnHostNetwork, listensLocally, placeOfSetting, setting } from '../server.js';

export const bindAddress = serverRule('bind-address', 'an address that others reach', (server) => {
  if (!listensLocally(server) || isOnHostNetwork(server)) return [];
  return [
    {
      ...ofServer(server, [], {
        code: 'container.bind-localhost',
        severity: 'error',
        title: `the server listens on ${setting(server, '--host')?.text}, which nobody outside the container reaches`,
        remedies: advice('Listen on all addresses of the container:', '--host 0.0.0.0'),
      }),
      ...placeOfSetting(server, '--host'),
    },
  ];
});
