import { freePort } from '../../support/real-server.js';
import type { Lab } from '../lab.js';
import { problem, refused, type Scenario } from '../scenario.js';
import { configured } from './ways.js';

const DIAGNOSE = ['diagnose'];

/** `diagnose` in a folder with this configuration. */
const written = (content: unknown) => async (lab: Lab) => ({
  args: DIAGNOSE,
  cwd: lab.configuration(content),
});

/** The file that is read, and what is in it. */
export const CONFIGURATION: readonly Scenario[] = [
  {
    id: 'config-unknown-key',
    title: 'a key of the configuration is misspelt',
    layer: 'configuration',
    setUp: written({ targets: { local: { basUrl: 'http://127.0.0.1:8080' } } }),
    expect: refused('config.invalid', /basUrl/, /llamactl\.config\.json:4/),
  },
  {
    id: 'config-unset-variable',
    title: 'a variable of the configuration is not set',
    layer: 'configuration',
    setUp: written({ targets: { local: { baseUrl: 'http://127.0.0.1:9', apiKey: '$KEY_OF_NOWHERE' } } }),
    expect: refused('config.invalid', /KEY_OF_NOWHERE/, /llamactl\.config\.json:5/),
  },
  {
    id: 'config-broken-json',
    title: 'the configuration is cut short',
    layer: 'configuration',
    setUp: written('{ "targets": { "local": { "baseUrl": "http://127.0.0.1:8080" '),
    expect: refused('config.invalid', /llamactl\.config\.json:1/),
  },
  {
    id: 'config-out-of-bounds',
    title: 'a timeout is given in seconds where milliseconds are meant',
    layer: 'configuration',
    setUp: written({ targets: { local: { baseUrl: 'http://127.0.0.1:9', timeout: 30 } } }),
    expect: refused('config.invalid', /timeout/),
  },
  {
    id: 'config-no-such-default',
    title: 'the default target is not among the targets',
    layer: 'configuration',
    setUp: written({ default: 'gpu1', targets: { local: { baseUrl: 'http://127.0.0.1:9' } } }),
    expect: refused('config.invalid', /gpu1/),
  },
  {
    id: 'config-no-such-target',
    title: '--target names none of the configuration',
    layer: 'configuration',
    setUp: async (lab) => ({
      args: [...DIAGNOSE, '--target', 'gpu9'],
      cwd: lab.configuration({ targets: { local: { baseUrl: 'http://127.0.0.1:9' } } }),
    }),
    expect: refused('usage.invalid', /gpu9/, /local/),
  },
  {
    id: 'config-file-missing',
    title: '--config names a file that is not there',
    layer: 'configuration',
    setUp: async () => ({ args: [...DIAGNOSE, '--config', 'absent.json'] }),
    expect: refused('config.invalid', /absent\.json/),
  },
  {
    id: 'url-with-password',
    title: 'the URL carries a password',
    layer: 'configuration',
    setUp: async () => ({ args: [...DIAGNOSE, '--url', 'http://me:secret@127.0.0.1:8080'] }),
    expect: refused('usage.invalid', /:\*\*\*@|\*\*\*@/, /--api-key/),
  },
  {
    id: 'config-wrong-port',
    title: 'the server listens on another port than the configuration says',
    layer: 'configuration',
    setUp: async (lab) => {
      const server = await lab.server(['-c', '512']);
      const call = configured(lab, { baseUrl: `http://127.0.0.1:${await freePort()}` });
      return { ...call, mentions: [new RegExp(String(server.port))] };
    },
    expect: problem('connection.refused', { alone: true }),
  },
  {
    id: 'env-outranks-config',
    title: 'LLAMACTL_URL points elsewhere than the (right) configuration',
    layer: 'configuration',
    setUp: async (lab) => {
      const server = await lab.server(['-c', '512']);
      return {
        ...configured(lab, { baseUrl: server.url }),
        env: { LLAMACTL_URL: `http://127.0.0.1:${await freePort()}` },
      };
    },
    expect: problem('connection.refused', { alone: true, mentions: [/LLAMACTL_URL/] }),
  },
];
