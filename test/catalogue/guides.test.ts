import assert from 'node:assert/strict';
import { entryOf } from '../../src/catalogue/entries.js';
import type { CatalogueCode } from '../../src/errors/codes.js';
import { textsOf } from './entry-texts.js';

/** What the specification's five guides tell, corrected where a server does otherwise, and the entries that tell it here. */
const GUIDES: Readonly<
  Record<string, { readonly codes: readonly CatalogueCode[]; readonly tells: readonly RegExp[] }>
> = {
  CONNECTION_REFUSED: {
    codes: ['connection.refused'],
    tells: [
      /llama-server is not running/,
      /another port/,
      /firewall/,
      /llama-server -m \{model\} --port \{port\}/,
      /agents\.config\.json/,
      /curl \{url\}\/health/,
      /ufw allow \{port\}/,
      /ps aux \| grep llama-server/,
      /ss -ltnp|netstat/,
      /curl -v \{url\}\/health/,
    ],
  },
  MODEL_NOT_FOUND: {
    codes: ['model.not-found', 'model.file-missing', 'model.corrupt', 'model.load-failed'],
    tells: [
      /not loaded/,
      /typing error, or the name of another/,
      /loading failed/i,
      /curl \{url\}\/v1\/models/,
      /full path/,
      /begins with GGUF/,
      /log/,
    ],
  },
  CONTEXT_OVERFLOW: {
    codes: ['context.overflow', 'context.slot-too-small'],
    tells: [
      /conversation has grown too long/,
      /tool results/,
      /context size was set too small/,
      /`\/clear`/,
      /--ctx-size \{contextSize\}/,
      /leave out the oldest turns/,
      /smaller chunks/,
      /status 400/,
    ],
  },
  AUTHENTICATION_FAILED: {
    codes: ['auth.missing-key', 'auth.wrong-key'],
    tells: [
      /none of those that llama-server was started with/,
      /started with --api-key/,
      /blanks, quotes or `Bearer `/,
      /`apiKey` in agents\.config\.json/,
      /remove `apiKey`/,
      /--api-key-file/,
    ],
  },
  STREAMING_ERRORS: {
    codes: ['stream.truncated', 'stream.malformed', 'stream.idle-timeout'],
    tells: [
      /network was interrupted/,
      /all slots are taken/,
      /client gave up|client waits/,
      /[Ii]ncrease the timeout/,
      /[Rr]educe concurrent requests/,
      /--no-stream/,
    ],
  },
};

describe("the specification's guides", () => {
  for (const [guide, { codes, tells }] of Object.entries(GUIDES)) {
    it(`${guide} is told in ${codes.join(', ')}`, () => {
      const text = codes.flatMap((code) => textsOf(entryOf(code))).join('\n');
      for (const told of tells) assert.match(text, told);
    });
  }
});
