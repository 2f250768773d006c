import assert from 'node:assert/strict';
import { createRedactor } from '../../src/errors/redact.js';

describe('redaction of JSON', () => {
  const redact = createRedactor([]);
  const texts = [
    'header = "Authorization: Bearer sk-abcdef"',
    'curl -H "x-api-key: sk-abcdef" http://localhost:8080',
    'llama-server --api-key "sk-abcdef" --port 8080',
    'HF_TOKEN="hf_abcdef" llama-server',
  ];
  for (const text of texts) {
    it(`leaves the document whole: ${text.slice(0, 30)}`, () => {
      const redacted: unknown = JSON.parse(redact(JSON.stringify({ text })));
      assert.deepEqual(redacted, { text: text.replace(/(sk|hf)[-_]abcdef/, '***') });
    });
  }
});

describe('redaction of flags', () => {
  it('does not take a name that ends like one for the flag', () => {
    const text = 'kubectl create secret generic llama-api-key --from-file=api-key=key.txt';
    assert.equal(createRedactor([])(text), text);
  });

  it('masks what follows the flag', () => {
    assert.equal(createRedactor([])('llama-server --api-key sk-abcdef'), 'llama-server --api-key ***');
    assert.equal(createRedactor([])("sh -c '--api-key=sk-abcdef'"), "sh -c '--api-key=***'");
  });
});
