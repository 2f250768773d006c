import assert from 'node:assert/strict';
import { cli } from '../support/cli.js';
import { KEY, useServer } from '../support/command-servers.js';
import { both, itTellsCommonFailures } from '../support/common-failures.js';

describe('llamactl props', () => {
  const plain = useServer('plain');
  const keyed = useServer('keyed');
  const router = useServer('router');

  it('gives what the server sent under props, and what matters of it as a tree', async () => {
    const [json, human] = await both(['props', '--url', plain.current.url]);
    assert.deepEqual(Object.keys(json.json), ['props']);
    const { props } = json.json;
    assert.equal(props.total_slots, 2);
    assert.equal(props.default_generation_settings.n_ctx, 2048);
    assert.equal(typeof props.chat_template, 'string');
    assert.match(human.out, /^server\n {2}address {7}http:\S+\n {2}build {9}\S+\nmodel\n {2}name {10}tiny\n/);
    assert.match(human.out, /^context\n {2}slots {9}2\n {2}tokens a slot 2,048$/m);
    assert.match(human.out, /^ {2}metrics {7}on$/m);
    assert.match(human.out, /^ {2}props \(POST\) {2}off \(--props turns it on\)$/m);
    for (const line of human.out.split('\n')) assert.ok(line.length <= 80 || !/ /.test(line.trim()), line);
  });

  it('prints all that the server sent with --raw', async () => {
    const run = await cli(['props', '--url', plain.current.url, '--raw']);
    assert.equal(run.json.total_slots, 2, run.text);
  });

  it('takes the key from the environment, and from the flag', async () => {
    const args = ['props', '--url', keyed.current.url, '--json'];
    const [env, flag] = await Promise.all([
      cli(args, { env: { LLAMACTL_API_KEY: KEY } }),
      cli([...args, `--api-key=${KEY}`]),
    ]);
    for (const run of [env, flag]) assert.equal(run.json?.props?.total_slots, 1, run.text);
  });

  it('tells what a router is', async () => {
    const run = await cli(['props', '--url', router.current.url]);
    assert.match(run.out, /^ {2}mode {10}router, up to \d+ models? at once$/m);
  });

  itTellsCommonFailures(['props']);
});
