import { advice, ofServer, serverRule } from '../rule.js';
import { placeOfSetting, setting } from '../server.js';

export const bindAddress = serverRule('bind-address', 'an address that others reach', (server) => {
  const host = setting(server, '--host')?.text;
  if (host === undefined || !/^(?:127\.|localhost$|::1$)/.test(host)) return [];
  return [
    {
      ...ofServer(server, [], {
        code: 'container.bind-localhost',
        severity: 'error',
        title: `the server listens on ${host}, which nobody outside the container reaches`,
        remedies: advice('Listen on all addresses of the container:', '--host 0.0.0.0'),
      }),
      ...placeOfSetting(server, '--host'),
    },
  ];
});
