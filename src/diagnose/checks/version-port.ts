import { settingOf } from '../../server/processes.js';
import { type Check, passed, skipped } from '../check.js';
import { endpointOf } from '../gather/network.js';
import { processOf } from '../local-server.js';

/** A release to come listens elsewhere, where nobody says otherwise. What has already moved is network.tcp's to find. */
export const versionPort: Check = {
  id: 'version.port',
  title: 'the port does not depend on the release',
  category: 'version',
  needs: ['server.identity'],
  asks: ['local'],
  run(facts) {
    const process = processOf(facts);
    if (process === null) return skipped('with which flags the server was started cannot be seen');
    if (settingOf(process, ['--port'], 'LLAMA_ARG_PORT') !== undefined) return passed('started with --port');
    const { port } = endpointOf(new URL(facts.url));
    return passed(
      port === 8080
        ? 'started without --port: the default moves from 8080 to 9931, --port 8080 keeps it'
        : 'started without --port',
    );
  },
};
