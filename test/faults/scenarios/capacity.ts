import type { Route } from '../../support/canned-server.js';
import { recorded } from '../../support/fixtures.js';
import { smolModel } from '../../support/real-server.js';
import { replay } from '../../support/replay.js';
import { problem, type Scenario, warning } from '../scenario.js';
import { ask, busySlots, diagnose, occupy, until } from './ways.js';

/** Some 5,000 tokens. */
const LONG_PROMPT = Array.from({ length: 2300 }, (_, at) => `word${at % 97}`).join(' ');

/** `/metrics` of a server whose counter of decodings moves with each look, or stands. */
function metrics(moves: boolean): Route {
  const text = String(recorded('2025-05', 'busy', 'metrics-busy').response?.body);
  let looks = 0;
  return (_request, response) => {
    looks += moves ? 40 : 0;
    response
      .writeHead(200, { 'content-type': 'text/plain; version=0.0.4', server: 'llama.cpp' })
      .end(text.replace('llamacpp:n_decode_total 1\n', `llamacpp:n_decode_total ${1 + looks}\n`));
  };
}

/** A build of 2025 with `--slots --metrics` and one slot, whose `/slots` and chats wait for the running task. */
function oldBuildAtWork(moves: boolean): Record<string, Route> {
  return {
    ...replay('2025-05', ['busy', 'default'], { 'GET /slots': 'slots-busy' }),
    'GET /metrics': metrics(moves),
    'POST /v1/chat/completions': () => {},
    'POST /completion': () => {},
  };
}

export const CAPACITY: readonly Scenario[] = [
  {
    id: 'busy',
    title: 'both slots generate, and three requests wait',
    layer: 'capacity',
    setUp: async (lab) => {
      const server = await lab.own(['-c', '8192', '-np', '2', '--metrics'], { model: smolModel() });
      for (let request = 0; request < 5; request++) occupy(lab, server.url);
      await until('both generate', async () => {
        const slots = JSON.parse((await ask(`${server.url}/slots`)).body) as {
          next_token: { n_decoded: number }[];
        }[];
        return slots.every(({ next_token: [next] }) => (next?.n_decoded ?? 0) > 0);
      });
      const waiting = async () =>
        /requests_deferred (\d+)/.exec((await ask(`${server.url}/metrics`)).body)?.[1];
      await until('three that wait', async () => (await waiting()) === '3');
      return {
        ...diagnose(server.url),
        verify: async () => {
          const now = await waiting();
          if (now !== '3') throw new Error(`diagnose left a request in the queue: ${now} instead of 3`);
        },
      };
    },
    expect: warning('server.busy', {
      alone: true,
      mentions: [/2 of 2|all 2|both/, /3 (?:requests? )?(?:wait|deferred|queue)|deferred.{0,3}3/],
    }),
  },
  {
    id: 'busy-reading',
    title: 'the one slot reads a long prompt, and has not generated a token',
    layer: 'capacity',
    setUp: async (lab) => {
      const server = await lab.own(['-c', '8192', '-np', '1', '-b', '64', '-ub', '64'], {
        model: smolModel(),
      });
      occupy(lab, server.url, { messages: [{ role: 'user', content: LONG_PROMPT }] });
      await busySlots(server.url, 1);
      return diagnose(server.url);
    },
    expect: warning('server.busy', { alone: true }),
  },
  {
    // Nothing that /slots and /metrics tell moves until a batch is read, which takes some seconds on one thread.
    id: 'busy-reading-one-batch',
    title: 'the same with the default batch: for seconds no number moves',
    layer: 'capacity',
    waits: true,
    setUp: async (lab) => {
      const server = await lab.own(['-c', '8192', '-np', '1', '-ub', '2048', '-t', '1'], {
        model: smolModel(),
      });
      occupy(lab, server.url, { messages: [{ role: 'user', content: LONG_PROMPT }] });
      await busySlots(server.url, 1);
      return diagnose(server.url);
    },
    expect: warning('server.busy', { alone: true }),
  },
  {
    id: 'slots-wedged',
    title: 'every slot is taken and none moves',
    layer: 'capacity',
    setUp: async (lab) => {
      const { url, requests } = await lab.canned({
        ...replay('v0.6.0', ['busy', 'default'], {
          'GET /slots': 'slots-busy',
          'GET /metrics': 'metrics-busy',
        }),
        'POST /v1/chat/completions': () => {},
        'POST /completion': () => {},
      });
      return {
        ...diagnose(url),
        verify: async () => {
          const sent = requests.find(({ line }) => /^POST .*completion/.test(line));
          if (sent !== undefined)
            throw new Error(`diagnose asked for tokens although no slot is free: ${sent.line}`);
        },
      };
    },
    expect: problem('server.wedged', { alone: true }),
  },
  {
    id: 'busy-2025',
    title: 'a build of 2025 at work: /slots and chats wait for the running task, decodings go on',
    layer: 'capacity',
    waits: true,
    setUp: async (lab) => diagnose((await lab.canned(oldBuildAtWork(true))).url),
    expect: warning('server.busy', { alone: true }),
  },
  {
    id: 'wedged-2025',
    title: 'the same build stuck: no decoding between two looks',
    layer: 'capacity',
    waits: true,
    setUp: async (lab) => diagnose((await lab.canned(oldBuildAtWork(false))).url),
    expect: problem('server.wedged', { alone: true }),
  },
];
