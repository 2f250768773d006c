import assert from 'node:assert/strict';
import { CHECKS } from '../../src/diagnose/checks.js';
import { type Facts, notAsked } from '../../src/diagnose/facts.js';
import { judge } from '../../src/diagnose/runner.js';
import { failedFact, healthyFacts, known } from '../support/facts.js';

const base = healthyFacts();
const configured = (changes: Partial<Facts['configured']>): Partial<Facts> => ({
  configured: { ...base.configured, ...changes },
});
const props = (changes: object): Partial<Facts> =>
  base.props.state === 'known' ? { props: known({ ...base.props.value, ...changes }) } : {};
const process = {
  pid: 7,
  args: ['-m', 'qwen.gguf', '-ngl', '99'],
  listens: ['127.0.0.1:8080'],
  ports: [8080],
  residentBytes: 3e9,
  swappedBytes: 0,
  gpuLibraries: [] as string[],
  state: 'S',
};
const local = (changes: object): Partial<Facts> =>
  base.local.state === 'known' ? { local: known({ ...base.local.value, ...changes }) } : {};
const refused = failedFact('CONNECTION_ERROR', 'connection.refused', 'nothing listens on 127.0.0.1:8080');
const down = { tcp: refused, health: refused, props: refused, models: refused };
const silent = failedFact('TIMEOUT_ERROR', 'server.wedged', '127.0.0.1:8080 does not answer');

interface Case {
  readonly what: string;
  readonly facts: Partial<Facts>;
  /** Null: healthy. */
  readonly code: string | null;
  readonly severity?: 'error' | 'warning' | 'info';
  readonly says?: RegExp;
}

/** What each check concludes from facts that no test machine has, or that take long to produce: see test/faults for the rest. */
const CASES: readonly Case[] = [
  { what: 'refused: one finding', facts: down, code: 'connection.refused' },
  {
    what: 'refused, and a llama-server listens elsewhere',
    facts: { ...down, ...local({ processes: [{ ...process, listens: ['0.0.0.0:9931'], ports: [9931] }] }) },
    code: 'connection.refused',
    says: /llamactl diagnose --url http:\/\/127\.0\.0\.1:9931/,
  },
  {
    what: "refused, and a router listens elsewhere: it is named, and none of its models' servers",
    facts: {
      ...down,
      ...local({
        processes: [
          { ...process, listens: ['127.0.0.1:9931'], ports: [9931] },
          { ...process, pid: 8, routerPid: 7, listens: ['127.0.0.1:40123'], ports: [40_123] },
        ],
      }),
    },
    code: 'connection.refused',
    says: /^(?!.*40123).*diagnose --url http:\/\/127\.0\.0\.1:9931/s,
  },
  {
    what: 'refused, and a llama-server is still starting',
    facts: { ...down, ...local({ processes: [{ ...process, listens: [], ports: [] }] }) },
    code: 'connection.refused',
    says: /health --url http:\/\/127\.0\.0\.1:8080 --wait/,
  },
  {
    what: 'refused, and a container does not publish the port',
    facts: {
      ...down,
      ...local({
        containers: [{ name: 'llama', image: 'ghcr.io/ggml-org/llama.cpp:server', publishes: [] }],
      }),
    },
    code: 'container.bind-localhost',
    says: /container llama/,
  },
  {
    what: 'refused, and a llama-server of a container listens inside only: the other one elsewhere is none of it',
    facts: {
      ...down,
      ...local({
        processes: [
          { ...process, listens: ['0.0.0.0:9999'], ports: [9999] },
          { ...process, pid: 8, listens: [], ports: [], listensInside: ['0.0.0.0:8080'] },
        ],
      }),
    },
    code: 'container.bind-localhost',
    says: /process 8 listens on 0\.0\.0\.0:8080, in a network of its own/,
  },
  {
    what: 'refused, and one answers on the other default port',
    facts: { ...down, moved: known({ url: 'http://127.0.0.1:9931', answers: true }) },
    code: 'connection.refused',
    says: /llamactl diagnose --url http:\/\/127\.0\.0\.1:9931/,
  },
  {
    what: 'refused, and nobody answers on the other default port',
    facts: { ...down, moved: known({ url: 'http://127.0.0.1:9931', answers: false }) },
    code: 'connection.refused',
    says: /^(?!.*9931)/s,
  },
  {
    what: 'stopped by a signal',
    facts: { health: silent, props: silent, ...local({ processes: [{ ...process, state: 'T' }] }) },
    code: 'server.wedged',
    says: /kill -CONT 7/,
  },
  {
    what: 'silent, and its process is known: that one alone is to be ended',
    facts: { health: silent, props: silent, ...local({ processes: [process] }) },
    code: 'server.wedged',
    says: /^(?!.*(?:pkill|llamactl diagnose)).*process 7.*kill -9 7/s,
  },
  {
    what: 'silent, and another program has the port',
    facts: {
      health: silent,
      props: silent,
      ...local({ holder: { pid: 9, name: 'ssh', commandLine: 'ssh -L 8080:gpu:8080 gpu' }, processes: [] }),
    },
    code: 'server.wedged',
    says: /^(?!.*pkill).*port held by ssh \(process 9\)/s,
  },
  {
    what: 'health answers and no token comes: its process alone is to be ended',
    facts: { generation: silent, ...local({ processes: [process] }) },
    code: 'server.wedged',
    says: /^(?!.*(?:pkill|llamactl diagnose)).*llamactl slots.*kill -9 7/s,
  },
  {
    what: 'refused, and a llama-server that listens on a socket is not starting',
    facts: {
      ...down,
      ...local({ processes: [{ ...process, args: ['--host', '/run/llama.sock'], listens: [], ports: [] }] }),
    },
    code: 'connection.refused',
    says: /^(?!.*still starting)/s,
  },
  {
    what: 'a key over http to a public address',
    facts: {
      url: 'http://gpu.example.com:8080',
      dns: known({ addresses: ['203.0.113.7'] }),
      ...configured({ keyGiven: true }),
    },
    code: 'config.invalid',
    severity: 'warning',
    says: /in clear/,
  },
  {
    what: 'a key over http in a private network',
    facts: {
      url: 'http://gpu1:8080',
      dns: known({ addresses: ['192.168.1.9'] }),
      ...configured({ keyGiven: true }),
    },
    code: null,
  },
  {
    what: 'a key that nobody asks for',
    facts: { ...configured({ keyGiven: true }), keyless: known({ accepted: true }) },
    code: null,
    severity: 'info',
    says: /without one/,
  },
  {
    what: 'something odd in the configuration',
    facts: configured({
      file: 'llamactl.config.json',
      problems: [
        { severity: 'warning', message: 'targets.a.apiKey: an example', place: 'llamactl.config.json:3:5' },
      ],
    }),
    code: 'config.invalid',
    severity: 'warning',
    says: /llamactl\.config\.json:3:5/,
  },
  {
    what: 'layers for a GPU, and no back end loaded',
    facts: local({ processes: [process] }),
    code: 'gpu.not-used',
    severity: 'warning',
    says: /-ngl 99/,
  },
  {
    what: 'a GPU that a build for the CPU does not use, and nobody said it should',
    facts: local({ processes: [{ ...process, args: ['-m', 'a.gguf'] }], gpus: ['nvidia'] }),
    code: null,
    severity: 'info',
    says: /without a back end/,
  },
  {
    what: 'a GPU for the screen alone',
    facts: local({ processes: [{ ...process, args: ['-m', 'a.gguf'] }], gpus: ['intel'] }),
    code: null,
  },
  {
    what: 'layers for a GPU, and the back end of one that is there',
    facts: local({ processes: [{ ...process, gpuLibraries: ['libggml-cuda.so'] }], gpus: ['nvidia'] }),
    code: null,
  },
  {
    what: 'layers left to the server',
    facts: local({ processes: [{ ...process, args: ['-ngl', 'auto'] }] }),
    code: null,
  },
  {
    what: 'a server in swap',
    facts: local({ processes: [{ ...process, args: [], swappedBytes: 1e9 }] }),
    code: 'memory.host',
    severity: 'warning',
    says: /swap/,
  },
  {
    what: 'slots that generate and do not move',
    facts: {
      slots: known({ total: 2, busy: 2, progressed: 0, reading: 0 }),
      generation: notAsked('every slot is taken'),
    },
    code: 'server.wedged',
  },
  {
    what: 'slots that read a long prompt',
    facts: {
      slots: known({ total: 2, busy: 2, progressed: 0, reading: 1 }),
      generation: notAsked('every slot is taken'),
    },
    code: 'server.busy',
    severity: 'warning',
  },
  {
    what: 'requests that wait though a slot is free for a moment',
    facts: {
      metrics: known({
        ...(base.metrics.state === 'known' ? base.metrics.value : ({} as never)),
        requestsDeferred: 3,
      }),
    },
    code: 'server.busy',
    severity: 'warning',
    says: /requests_deferred 3/,
  },
  {
    what: 'a stream that comes in one piece',
    facts: {
      generation: known({
        ...(base.generation.state === 'known' ? base.generation.value : ({} as never)),
        spreadMs: 2,
        bursts: 1,
      }),
    },
    code: 'network.proxy-interference',
    severity: 'warning',
    says: /one piece/,
  },
  {
    what: 'a prompt that is cut without a word (asked with --deep)',
    facts: { deep: { ...base.deep, overflow: known({ sent: 2112, contextSize: 2048, accepted: true }) } },
    code: 'context.overflow',
    severity: 'warning',
    says: /2,112/,
  },
  {
    what: 'an old build, not asked',
    facts: props({ endpoint_slots: undefined, is_sleeping: undefined }),
    code: null,
    severity: 'info',
    says: /drops the middle/,
  },
  {
    what: 'a forced call that is not valid',
    facts: { deep: { ...base.deep, toolCall: known({ name: 'get_weather', valid: false }) } },
    code: 'request.tool-call-parse',
    severity: 'warning',
  },
  {
    what: 'tools configured, and a template without',
    facts: {
      ...props({ chat_template_caps: { supports_tool_calls: false } }),
      ...configured({ usesTools: true }),
    },
    code: 'feature.unsupported-input',
    severity: 'warning',
  },
  {
    what: 'no tools configured, and a template without',
    facts: props({ chat_template_caps: { supports_tool_calls: false } }),
    code: null,
  },
  {
    what: 'a template that takes no system message',
    facts: {
      template: known({
        promptLength: 5,
        systemRole: failedFact('INVALID_REQUEST', 'request.template-error', 'System role not supported')
          .error,
        tools: null,
      }),
    },
    code: null,
    severity: 'info',
    says: /system message/,
  },
  {
    what: 'properties that are switched off',
    facts: { props: failedFact('UNSUPPORTED_FEATURE', 'feature.disabled', 'no /props here') },
    code: null,
  },
  {
    what: 'a proxy that reaches what this machine cannot',
    facts: {
      proxy: { url: 'http://proxy:3128', variable: 'HTTP_PROXY' },
      dns: notAsked('through the proxy'),
      tcp: notAsked('through the proxy'),
    },
    code: null,
  },
];

describe('checks', () => {
  for (const { what, facts, code, severity, says } of CASES) {
    it(`${what}: ${code ?? 'healthy'}`, () => {
      const { rootCause, findings, checks } = judge({ ...base, ...facts }, CHECKS);
      assert.equal(rootCause, code, JSON.stringify(findings.map((each) => each.title)));
      const [first] = findings;
      if (severity !== undefined) assert.equal(first?.severity, severity);
      if (code === null && severity === undefined) assert.deepEqual(findings, []);
      if (code !== null) {
        assert.ok((first?.evidence.length ?? 0) > 0, 'evidence');
        assert.ok((first?.remedies.length ?? 0) > 0, 'a remedy');
      }
      if (says !== undefined) assert.match(JSON.stringify(first), says);
      assert.deepEqual(
        checks.filter(({ status }) => status === 'crash'),
        [],
      );
    });
  }
});
