import assert from 'node:assert/strict';
import { SERVER_NAMES, type ServerKind } from '../../src/catalogue/identify-server.js';
import { remediesFor } from '../../src/catalogue/programs.js';
import { CATALOGUE_CODES } from '../../src/errors/codes.js';

/** What each program is started and looked at with: none of another's may be advised. */
const OWN: Readonly<Record<string, RegExp>> = {
  'llama.cpp': /llama-server|llamactl (?:up|slots|props|tokenize)\b/,
  ollama: /\bollama (?:serve|pull|ps|list|show|stop|create)\b|OLLAMA_|systemctl \w+ ollama/,
  vllm: /\bvllm serve\b/,
  'lm-studio': /\blms \w+/,
  openrouter: /openrouter\.ai/,
};

/** Codes of what a client meets at a server that somebody else runs. */
const MET = CATALOGUE_CODES.filter((code) =>
  /^(?:connection|auth|context|server\.(?:busy|wedged|crashed)|stream|request|feature)/.test(code),
);

describe('remedies for other programs than llama.cpp', () => {
  const kinds = Object.keys(SERVER_NAMES).filter((kind): kind is ServerKind => kind !== 'llama.cpp');
  for (const kind of kinds) {
    it(`${kind}: something is to be done about whatever a client meets, and nothing is another program's`, () => {
      for (const code of CATALOGUE_CODES) {
        const remedies = remediesFor(code, kind, { url: 'http://h:1', host: 'h', port: 1, model: 'm' });
        const told = JSON.stringify(remedies);
        for (const [other, words] of Object.entries(OWN))
          if (other !== kind) assert.doesNotMatch(told, words, `${code}: ${told}`);
        assert.doesNotMatch(told, /\{(?:provider|url|model|host|port|contextSize)\}/, code);
        assert.doesNotMatch(
          told,
          /--url http:\/\/h:1(?![^"]*--kind)/,
          `${code}: a bare address is a llama-server's`,
        );
      }
    });
  }

  it('there is one for each of the usual failures', () => {
    for (const kind of kinds)
      for (const code of MET.filter((each) => !/^request\.|^feature\./.test(each)))
        assert.ok(remediesFor(code, kind).length > 0, `${kind} ${code}`);
  });
});
