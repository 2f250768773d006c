import assert from 'node:assert/strict';
import { LlamaCppClient } from '../../src/client/llama-client.js';
import type { ClientEvents, ClientOptions, Message, RecoveryStep } from '../../src/client/types.js';
import { LlamactlError } from '../../src/errors/llamactl-error.js';
import { cannedServer, LLAMA_HEADERS } from '../support/canned-server.js';
import { freePort, startServer, type TestServer } from '../support/real-server.js';

const open: LlamaCppClient[] = [];
const running: TestServer[] = [];

/** A client of several servers, what it told, and how many chats each server was sent. */
function balanced(baseUrls: readonly string[], options: ClientOptions = {}) {
  const client = new LlamaCppClient({ baseUrls, timeout: 20_000, ...options });
  open.push(client);
  const steps: RecoveryStep[] = [];
  const told: ClientEvents['server'][] = [];
  const chats = new Map(baseUrls.map((url) => [url, 0]));
  client.on('recovery', (step) => steps.push(step));
  client.on('server', (event) => told.push(event));
  client.on('exchange', ({ url, status }) => {
    const { origin, pathname } = new URL(url);
    if (pathname === '/v1/chat/completions' && status === 200)
      chats.set(origin, (chats.get(origin) ?? 0) + 1);
  });
  return { client, steps, told, chats };
}

async function servers(count: number, args: readonly string[] = ['-c', '8192', '-np', '4']) {
  const started = await Promise.all(Array.from({ length: count }, () => startServer({ args })));
  running.push(...started);
  return started;
}

const say = (text: string): Message[] => [{ role: 'user', content: text }];

/** Asks so many times, so many at once; every second one is streamed. @returns the failures, those of begun answers apart */
async function load(
  client: LlamaCppClient,
  requests: number,
  concurrency: number,
  onDone = (_: number) => {},
) {
  const lost: unknown[] = [];
  const cut: unknown[] = [];
  let next = 0;
  let done = 0;
  const work = async () => {
    for (let index = next++; index < requests; index = next++) {
      const options = { temperature: 0, maxTokens: 48 };
      try {
        if (index % 2 === 0) {
          const { content } = await client.chat(say(`Question ${index}`), [], options);
          assert.notEqual(content, '');
        } else {
          let last = '';
          for await (const event of client.chatStream(say(`Question ${index}`), [], options))
            last = event.type;
          assert.equal(last, 'finish');
        }
      } catch (error) {
        const isCut = error instanceof LlamactlError && error.details['visible'] === true;
        (isCut ? cut : lost).push(error);
      }
      onDone(++done);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return { lost, cut };
}

function evenness(counts: Iterable<number>): number {
  const all = [...counts];
  const mean = all.reduce((sum, count) => sum + count, 0) / all.length;
  return Math.max(...all.map((count) => Math.abs(count - mean) / mean));
}

describe('several servers for one client', function () {
  this.timeout(120_000);

  afterEach(async () => {
    await Promise.all(open.splice(0).map((client) => client.destroy()));
    await Promise.all(running.splice(0).map((server) => server.stop()));
  });

  it('spreads chats within 10 % of even', async () => {
    const three = await servers(3);
    const { client, chats } = balanced(three.map(({ url }) => url));
    // On a busy machine the first requests may go to the server that was heard of first.
    await client.models();
    const { lost, cut } = await load(client, 300, 9);
    assert.deepEqual([...lost, ...cut], []);
    const counts = [...chats.values()];
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      300,
    );
    assert.ok(evenness(counts) <= 0.1, counts.join(', '));
  });

  it('loses no request while a server is killed and started again, and takes it back', async () => {
    const three = await servers(3);
    const urls = three.map(({ url }) => url);
    const { client, chats, steps, told } = balanced(urls);
    const [victim] = three;
    assert.ok(victim !== undefined);
    let restarting: Promise<unknown> | undefined;
    const restart = async () => {
      await victim.stop('SIGKILL');
      running.push(await startServer({ port: victim.port, args: ['-c', '8192', '-np', '4'] }));
    };
    const { lost, cut } = await load(client, 600, 9, (done) => {
      if (done === 150) restarting = restart();
    });
    assert.deepEqual(lost, []);
    // An answer that somebody reads already cannot be begun anew: at most those on the five connections to it.
    assert.ok(cut.length <= 5, `${cut.length} cut`);
    assert.ok(steps.some(({ action }) => action === 'use-other-server'));
    assert.ok(told.some(({ event, baseUrl }) => event === 'out' && baseUrl === victim.url));
    await restarting;
    const before = chats.get(victim.url) ?? 0;
    const again = await load(client, 300, 9);
    assert.deepEqual([...again.lost, ...again.cut], []);
    assert.ok((chats.get(victim.url) ?? 0) > before + 50, 'the server was not taken back');
    assert.ok(told.some(({ event, baseUrl }) => event === 'back' && baseUrl === victim.url));
  });

  it('goes back to the server that has a conversation in its cache', async () => {
    const three = await servers(3);
    const { client, chats } = balanced(three.map(({ url }) => url));
    const first = say(
      'A long question about servers, their slots, their contexts and their models. '.repeat(4),
    );
    for (let turn = 0; turn < 6; turn++) {
      const messages: Message[] = [{ role: 'system', content: `You are number ${turn}.` }, ...first];
      chats.clear();
      const answer = await client.chat(messages, [], { temperature: 0, maxTokens: 8 });
      const [[at] = []] = chats;
      chats.clear();
      const next: Message[] = [
        ...messages,
        { role: 'assistant', content: answer.content },
        ...say('And then?'),
      ];
      const { usage } = await client.chat(next, [], { temperature: 0, maxTokens: 8 });
      assert.deepEqual([...chats.keys()], [at]);
      assert.ok(usage.cachedTokens > 20, `${usage.cachedTokens} tokens cached`);
    }
  });

  it('keeps what the caller names one conversation on one server, until that is gone', async () => {
    const three = await servers(3);
    const { client, chats } = balanced(three.map(({ url }) => url));
    const ask = (text: string) => client.chat(say(text), [], { conversation: 'ticket 7', maxTokens: 4 });
    for (const text of ['One', 'Two', 'Three', 'Four']) await ask(text);
    const [at] = [...chats].filter(([, count]) => count > 0);
    assert.equal(at?.[1], 4);
    await three.find(({ url }) => url === at?.[0])?.stop();
    chats.clear();
    await ask('Five');
    await ask('Six');
    const [other, more] = [...chats];
    assert.notEqual(other?.[0], at?.[0]);
    assert.equal(other?.[1], 2);
    assert.equal(more, undefined);
  });

  it('asks the one with a free slot, also where others keep the slots busy', async () => {
    const two = await servers(2, ['-c', '16384', '-np', '1']);
    const [busy, idle] = two.map(({ url }) => url);
    assert.ok(busy !== undefined && idle !== undefined);
    const stranger = new LlamaCppClient({ baseUrl: busy, timeout: 60_000 });
    open.push(stranger);
    const long = stranger.completion({ prompt: 'On and on', maxTokens: 15_000 }).catch(() => null);
    for (let isBusy = false; !isBusy; )
      isBusy = (await stranger.slots()).some((slot) => slot.is_processing === true);
    const { client, chats } = balanced([busy, idle]);
    await client.chat(say('Hello'), [], { maxTokens: 4 });
    assert.deepEqual([chats.get(busy), chats.get(idle)], [0, 1]);
    await stranger.destroy();
    await long;
  });

  it('chooses no server that sleeps or loads while another is ready, and wakes nobody', async () => {
    const [sleeper, loading, ready] = await Promise.all([
      startServer({ args: ['-c', '2048', '--sleep-idle-seconds', '1'] }),
      cannedServer(
        {
          '*': {
            status: 503,
            body: { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } },
          },
        },
        LLAMA_HEADERS,
      ),
      startServer({ args: ['-c', '2048'] }),
    ]);
    running.push(sleeper, ready);
    const isAsleep = async () => {
      const { is_sleeping: sleeps } = (await (await fetch(`${sleeper.url}/props`)).json()) as {
        is_sleeping: boolean;
      };
      return sleeps;
    };
    while (!(await isAsleep())) await new Promise((resolve) => setTimeout(resolve, 100));
    const { client, chats, steps } = balanced([sleeper.url, loading.url, ready.url]);
    for (let index = 0; index < 12; index++)
      await client.chat(say(`Question ${index}`), [], { maxTokens: 4 });
    assert.equal(chats.get(ready.url), 12);
    assert.equal(await isAsleep(), true);
    assert.equal(
      loading.requests.some(({ line }) => line.startsWith('POST')),
      false,
    );
    assert.deepEqual(steps, []);
    await ready.stop();
    await client.chat(say('Good morning'), [], { maxTokens: 4 });
    assert.equal(chats.get(sleeper.url), 1);
    await loading.stop();
  });

  it('lets a server fall asleep that has nothing to do, however much another is asked', async () => {
    const two = await servers(2, ['-c', '2048', '--sleep-idle-seconds', '3']);
    const { client, chats } = balanced(two.map(({ url }) => url));
    const ask = () => client.chat(say('Hello'), [], { conversation: 'one', maxTokens: 4 });
    await ask();
    const idle = two.find(({ url }) => chats.get(url) === 0);
    assert.ok(idle !== undefined);
    for (let asleep = false; !asleep; ) {
      await ask();
      await new Promise((resolve) => setTimeout(resolve, 100));
      asleep = ((await (await fetch(`${idle.url}/props`)).json()) as { is_sleeping: boolean }).is_sleeping;
    }
    assert.equal(chats.get(idle.url), 0);
  });

  it('tells which server has another model, and does not ask it for one that it lacks', async () => {
    const [one, other, same] = await Promise.all([
      startServer({ args: ['-c', '2048', '--alias', 'small'] }),
      startServer({ args: ['-c', '2048', '--alias', 'large'] }),
      startServer({ args: ['-c', '2048', '--alias', 'small'] }),
    ]);
    running.push(one, other, same);
    const { client, chats, told } = balanced([one.url, other.url, same.url], { model: 'small' });
    for (let index = 0; index < 9; index++) {
      const { model } = await client.chat(say(`Question ${index}`), [], { maxTokens: 4 });
      assert.equal(model, 'small');
    }
    assert.equal(chats.get(other.url), 0);
    assert.deepEqual(
      told.map(({ baseUrl, event }) => [baseUrl, event]),
      [[other.url, 'other-model']],
    );
    assert.match(told[0]?.message ?? '', /serves large, not small/);
    assert.equal((await client.chat(say('Hello'), [], { model: 'large', maxTokens: 4 })).model, 'large');
    assert.deepEqual((await client.models()).map(({ id }) => id).sort(), ['large', 'small']);
    await Promise.all([one.stop(), same.stop()]);
    await assert.rejects(client.chat(say('Hello'), [], { maxTokens: 4 }), (error: LlamactlError) => {
      assert.match(error.message, /none of the 2 servers that have "small"/);
      assert.match(error.evidence.join('\n'), /has no model "small", but large/);
      return true;
    });
  });

  it('fails with the cause of each server where all are down', async () => {
    const gone = `http://127.0.0.1:${await freePort()}`;
    const locked = await startServer({ args: ['-c', '2048', '--api-key', 'right'] });
    const web = await cannedServer({
      '*': { body: '<html>hello</html>', headers: { 'content-type': 'text/html' } },
    });
    running.push(locked);
    const { client } = balanced([gone, locked.url, web.url], { apiKey: 'wrong', maxRetries: 0 });
    await assert.rejects(client.chat(say('Hello')), (error: LlamactlError) => {
      assert.match(error.message, /none of the 3 servers can be asked/);
      const told = error.evidence.join('\n');
      for (const url of [gone, locked.url, web.url]) assert.ok(told.includes(`${url}: `), told);
      assert.match(told, /nothing listens .*\n.* refuses this API key\n.* not a llama-server/);
      assert.ok(error.exit === 10 || error.exit === 11);
      assert.ok(!JSON.stringify(error.toJSON()).includes('wrong"'));
      return true;
    });
    await web.stop();
  });

  it('moves on from a server that hangs, and from one that breaks a stream before its first token', async () => {
    const [good] = await servers(1);
    assert.ok(good !== undefined);
    const { '*': props, '/v1/models': models } = await answersOf(good.url);
    const broken = await cannedServer(
      {
        'GET /props': props,
        'GET /v1/models': models,
        'GET /slots': { body: [] },
        'POST /v1/chat/completions': (_request, response) => {
          response.writeHead(200, { 'content-type': 'text/event-stream', ...LLAMA_HEADERS });
          response.write(': hello\n\n', () => response.destroy());
        },
      },
      LLAMA_HEADERS,
    );
    const { client, steps } = balanced([broken.url, good.url]);
    for (let index = 0; index < 4; index++) {
      let content = '';
      for await (const event of client.chatStream(say(`Question ${index}`), [], { maxTokens: 8 }))
        if (event.type === 'content') content += event.text;
      assert.notEqual(content, '');
    }
    assert.deepEqual([...new Set(steps.map(({ action }) => action))], ['use-other-server']);
    await broken.stop();
    const [hanging] = await servers(1);
    assert.ok(hanging !== undefined);
    const slow = balanced([hanging.url, good.url], { timeout: 1500 });
    await slow.client.chat(say('One'), [], { conversation: 'c', maxTokens: 4 });
    await slow.client.chat(say('Two'), [], { conversation: 'd', maxTokens: 4 });
    hanging.pause();
    for (const conversation of ['c', 'd']) {
      const { content } = await slow.client.chat(say('Three'), [], { conversation, maxTokens: 4 });
      assert.notEqual(content, '');
    }
  });

  it('gives the key to its own hosts only', async () => {
    const elsewhere = await cannedServer({ '*': { body: { status: 'ok', total_slots: 1 } } }, LLAMA_HEADERS);
    const redirecting = await cannedServer(
      { '*': { status: 307, headers: { location: `${elsewhere.url}/props` }, body: '' } },
      LLAMA_HEADERS,
    );
    const [good] = await servers(1);
    const { client } = balanced([redirecting.url, good?.url ?? ''], { apiKey: 'sesame' });
    for (let index = 0; index < 4; index++) await client.props();
    const keys = (asked: typeof elsewhere) =>
      new Set(asked.requests.map(({ headers }) => headers['authorization']));
    assert.deepEqual([...keys(redirecting)], ['Bearer sesame']);
    assert.deepEqual([...keys(elsewhere)], [undefined]);
    await redirecting.stop();
    await elsewhere.stop();
  });

  it('serves every typed endpoint', async () => {
    const two = await servers(2, ['-c', '2048', '--embeddings', '--pooling', 'mean', '--metrics']);
    const { client } = balanced(two.map(({ url }) => url));
    await client.initialize();
    assert.equal(client.contextSize.source, 'slot');
    assert.equal((await client.health()).status, 'ok');
    assert.ok((await client.tokenize({ content: 'Hello' })).length > 0);
    assert.equal((await client.embedding(['Hello'])).length, 1);
    assert.ok((await client.metrics()).text.includes('llamacpp:'));
    await two[0]?.stop();
    assert.ok((await client.tokenize({ content: 'Hello again' })).length > 0);
    assert.ok((await client.tokenize({ content: 'Hello again' })).length > 0);
  });
});

describe('base URLs of a client', () => {
  it('are one or several, each once', () => {
    assert.throws(
      () => new LlamaCppClient({ baseUrl: 'http://a:1', baseUrls: ['http://b:1'] }),
      /exclude each other/,
    );
    assert.throws(() => new LlamaCppClient({ baseUrls: [] }), /baseUrls is empty/);
    assert.throws(() => new LlamaCppClient({ baseUrls: ['http://a:1', 'ftp://b'] }), /"ftp:\/\/b" cannot be/);
    assert.equal(new LlamaCppClient({ baseUrls: ['http://a:1/v1/', 'http://a:1'] }).baseUrl, 'http://a:1');
  });
});

/** What a real server answers, to be given by one that then misbehaves. */
async function answersOf(url: string) {
  const get = async (path: string) => ({ body: (await (await fetch(`${url}${path}`)).json()) as object });
  return { '*': await get('/props'), '/v1/models': await get('/v1/models') };
}
