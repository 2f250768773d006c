import { startServer, type TestServer } from './real-server.js';
import { noteRealServer } from './real-server-count.js';

export const KEY = 'sk-commands-5e1f7c';

/** Servers that the suites of the commands share: nothing that a test does to one outlives the test. */
const KINDS = {
  plain: { args: ['-c', '4096', '-np', '2', '--metrics', '--alias', 'tiny'] },
  keyed: { args: ['-c', '1024', '-np', '1', '--metrics', '--api-key', KEY] },
  router: { model: null, args: [] },
} as const;

const started = new Map<keyof typeof KINDS, Promise<TestServer>>();

/** One of the shared servers, there before the first test of the suite. Read it inside tests only. */
export function useServer(kind: keyof typeof KINDS): { readonly current: TestServer } {
  let server: TestServer | undefined;
  before(async () => {
    const starting = started.get(kind) ?? startServer(KINDS[kind]);
    started.set(kind, starting);
    server = await starting;
  });
  return {
    get current() {
      if (server === undefined) throw new Error('the server is only there inside tests');
      noteRealServer();
      return server;
    },
  };
}

after(async () => {
  const servers = await Promise.all(started.values());
  await Promise.all(servers.map((server) => server.stop()));
});
