import { replay } from '../../support/replay.js';
import { problem, type Scenario } from '../scenario.js';
import { configured, diagnose } from './ways.js';

const KEY = 'sk-of-the-server-1';
const KEYED = ['-c', '512', '--api-key', KEY];
const PREFIXED = [...KEYED, '--api-prefix', '/llm'];

const missing = problem('auth.missing-key', { alone: true, mentions: [/LLAMACTL_API_KEY|--api-key/] });
const wrong = (...mentions: readonly RegExp[]) => problem('auth.wrong-key', { alone: true, mentions });

/** `/health` is public and proves nothing. */
export const KEYS: readonly Scenario[] = [
  {
    id: 'key-missing',
    title: 'the server wants a key, and none is given',
    layer: 'key',
    setUp: async (lab) => diagnose((await lab.server(KEYED)).url),
    expect: missing,
  },
  {
    id: 'key-missing-v0.1.0',
    title: 'the same on v0.1.0, whose /v1/models is public',
    layer: 'key',
    setUp: async (lab) => diagnose((await lab.server(KEYED, { build: 'v0.1.0' })).url),
    expect: missing,
  },
  {
    id: 'key-missing-2025',
    title: 'the same on a build of 2025',
    layer: 'key',
    setUp: async (lab) =>
      diagnose((await lab.canned(replay('2025-05', ['auth'], { 'GET /props': 'no-key /props' }))).url),
    expect: missing,
  },
  {
    id: 'key-wrong',
    title: 'the key is not the one of the server',
    layer: 'key',
    setUp: async (lab) => diagnose((await lab.server(KEYED)).url, '--api-key', 'sk-another-one'),
    expect: wrong(),
  },
  {
    id: 'key-wrong-from-env',
    title: 'LLAMACTL_API_KEY, left over from another server, outranks the right key of the configuration',
    layer: 'key',
    setUp: async (lab) => ({
      ...configured(lab, { baseUrl: (await lab.server(KEYED)).url, apiKey: KEY }),
      env: { LLAMACTL_API_KEY: 'sk-left-over' },
    }),
    expect: wrong(/LLAMACTL_API_KEY/),
  },
  {
    id: 'key-with-bearer',
    title: 'the key is given with "Bearer " before it',
    layer: 'key',
    setUp: async (lab) => ({
      ...diagnose((await lab.server(KEYED)).url),
      env: { LLAMACTL_API_KEY: `Bearer ${KEY}` },
    }),
    expect: wrong(/Bearer/),
  },
  {
    id: 'key-missing-prefix',
    title: 'no key, on a server with a prefix, where /health wants one too',
    layer: 'key',
    setUp: async (lab) => diagnose(`${(await lab.server(PREFIXED, { prefix: '/llm' })).url}/llm`),
    expect: missing,
  },
  {
    id: 'key-wrong-prefix',
    title: 'a wrong key, on a server with a prefix',
    layer: 'key',
    setUp: async (lab) =>
      diagnose(`${(await lab.server(PREFIXED, { prefix: '/llm' })).url}/llm`, '--api-key', 'sk-another-one'),
    expect: wrong(),
  },
];
