import assert from 'node:assert/strict';
import { createRedactor } from '../../src/errors/redact.js';

const KEY = 'sk-live-"quoted"/5f3a';

describe('redaction', () => {
  const redact = createRedactor([KEY, undefined, '', 'no']);

  for (const [what, text] of [
    ['as it is', `the key ${KEY} was refused`],
    ['in a URL', `http://host/?key=${encodeURIComponent(KEY)}`],
    ['inside JSON', JSON.stringify({ key: KEY })],
    ['in base64', `Basic ${Buffer.from(KEY).toString('base64')}`],
  ] as const) {
    it(`masks a known secret ${what}`, () => {
      assert.doesNotMatch(redact(text), /5f3a|c2stbGl2ZS/);
      assert.match(redact(text), /\*\*\*/);
    });
  }

  for (const [text, masked] of [
    ['Authorization: Bearer abcd1234', 'Authorization: Bearer ***'],
    ['"authorization":"Bearer abcd1234"', '"authorization":"Bearer ***"'],
    ['x-api-key: abcd1234', 'x-api-key: ***'],
    ['llama-server --api-key abcd1234 -c 512', 'llama-server --api-key *** -c 512'],
    ["--api-key='abcd1234'", "--api-key='***'"],
    ['HF_TOKEN=hf_abcd llama-server', 'HF_TOKEN=*** llama-server'],
    ['http://user:pass@host:8080/', 'http://user:***@host:8080/'],
    ['http://host/?api_key=abcd1234&x=1', 'http://host/?api_key=***&x=1'],
    ['["--hf-token","hf_a1b2c3d4e5f6g7"]', '["--hf-token","hf_***"]'],
  ] as const) {
    it(`masks what looks like a credential: ${masked}`, () => assert.equal(redact(text), masked));
  }

  it('leaves codes whole where a key is one of their words, and masks it elsewhere', () => {
    const mask = createRedactor(['wrong', 'auth.wrong']);
    assert.equal(mask('auth.wrong-key: wrong, auth.wrong'), 'auth.wrong-key: ***, ***');
  });

  it('leaves our own placeholders, variables and very short words alone', () => {
    for (const text of [
      'curl -H "Authorization: Bearer KEY" http://localhost:8080/props',
      'export LLAMACTL_API_KEY=KEY',
      'export LLAMACTL_API_KEY=KEY%0Allamactl diagnose',
      'llama-server --api-key $LLAMA_API_KEY',
      'LLAMACTL_API_KEY=…',
      'export LLAMACTL_API_KEY=$(kubectl get secret llama-key)',
      'no key was given',
      'kubectl create secret generic llama-api-key --from-file=api-key=/dev/stdin',
    ]) {
      assert.equal(redact(text), text);
    }
  });
});
