import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { cli } from '../support/cli.js';
import { fakeDocker } from '../support/fake-docker.js';
import { freePort } from '../support/real-server.js';
import { replay } from '../support/replay.js';
import { Lab, Shared } from './lab.js';
import type { Call } from './scenario.js';
import { load, modelsFolder } from './scenarios/models.js';
import { configured, diagnose } from './scenarios/ways.js';

/** What is looked for: any eight characters of it in a row. */
const CORE = 'q7Zx2Kp9Lw4Rt6Vn';
const KEY = `sk-planted-${CORE}`;
const HF_TOKEN = `hf_${CORE}`;
const WINDOW = 8;
const WRONG = 'sk-not-the-one';

/** A place where a key may be, and what the program must exit with. */
interface Place {
  readonly what: string;
  readonly exit: number;
  readonly setUp: (lab: Lab) => Promise<Call>;
  /** The command refuses to go on, so that there is no report either. */
  readonly isRefused?: boolean;
}

/** Headers that carry a key, on answers that are otherwise right. */
const LEAKY_HEADERS = {
  'x-api-key': KEY,
  authorization: `Bearer ${KEY}`,
  'set-cookie': `session=${KEY}; Path=/; HttpOnly`,
  'x-request-id': '1',
};

/** A log in which every line that proves something carries a key too. */
const LOG = [
  `$ LLAMA_API_KEY=${KEY} HF_TOKEN=${HF_TOKEN} llama-server -m /srv/absent.gguf --api-key ${KEY}`,
  `build: 11434, args: --hf-token ${HF_TOKEN} --api-key=${KEY}`,
  `0.00.001.000 E gguf_init_from_file: failed to open GGUF file '/srv/absent.gguf' (No such file or directory) [llama-server --api-key ${KEY}]`,
  `0.00.001.001 E llama_model_load: error loading model: llama_model_loader: failed to load model from /srv/absent.gguf {"authorization": "Bearer ${KEY}"}`,
  `0.00.001.002 E srv    load_model: failed to load model, '/srv/absent.gguf' x-api-key: ${KEY} http://me:${KEY}@gpu1:8080`,
].join('\n');

function logFile(lab: Lab): string {
  const path = join(lab.folder(), 'server.log');
  writeFileSync(path, LOG);
  return path;
}

const PLACES: readonly Place[] = [
  {
    what: 'the right key by flag',
    exit: 0,
    setUp: async (lab) => diagnose((await lab.server(['-c', '512', '--api-key', KEY])).url, '--api-key', KEY),
  },
  {
    what: "a key in the server's own environment",
    exit: 0,
    setUp: async (lab) => {
      const env = {
        LLAMA_ARG_CTX_SIZE: '512',
        LLAMA_ARG_API_KEY: KEY,
        LLAMA_API_KEY: KEY,
        HF_TOKEN,
      };
      return { ...diagnose((await lab.own([], { env })).url, '--api-key', KEY, '--verbose'), env: {} };
    },
  },
  {
    what: 'a key in the flags and the environment of a container',
    exit: 1,
    setUp: async (lab) => {
      const args = ['-m', '/models/a.gguf', '--api-key', KEY, `--hf-token=${HF_TOKEN}`];
      const container = { name: 'llama', args, env: [`LLAMA_API_KEY=${KEY}`, `HF_TOKEN=${HF_TOKEN}`] };
      const call = diagnose(`http://127.0.0.1:${await freePort()}`, '--verbose');
      return { ...call, env: fakeDocker(lab.folder(), [container]) };
    },
  },
  {
    what: 'a wrong key by flag',
    exit: 1,
    setUp: async (lab) =>
      diagnose((await lab.server(['-c', '512', '--api-key', WRONG])).url, `--api-key=${KEY}`),
  },
  {
    what: 'a key in the environment',
    exit: 1,
    setUp: async (lab) => ({
      ...diagnose((await lab.server(['-c', '512', '--api-key', WRONG])).url),
      env: { LLAMACTL_API_KEY: KEY },
    }),
  },
  {
    what: 'a key in the configuration',
    exit: 1,
    setUp: async (lab) =>
      configured(lab, { baseUrl: (await lab.server(['-c', '512', '--api-key', WRONG])).url, apiKey: KEY }),
  },
  {
    what: 'a key in a variable that the configuration names',
    exit: 0,
    setUp: async (lab) => ({
      ...configured(lab, {
        baseUrl: (await lab.server(['-c', '512', '--api-key', KEY])).url,
        apiKey: '$MY_SECRET',
      }),
      env: { MY_SECRET: KEY },
    }),
  },
  {
    what: 'a key in a configuration that is not valid',
    exit: 2,
    isRefused: true,
    setUp: async (lab) => configured(lab, { baseUrl: 'http://127.0.0.1:9', apiKey: KEY, apikey: KEY }),
  },
  {
    what: 'a password in the URL',
    exit: 2,
    isRefused: true,
    setUp: async () => diagnose(`http://me:${KEY}@127.0.0.1:9`),
  },
  {
    what: 'a key in the query of the URL',
    exit: 2,
    isRefused: true,
    setUp: async () => diagnose(`http://127.0.0.1:9/?api_key=${KEY}`),
  },
  {
    what: 'the password of a proxy',
    exit: 1,
    setUp: async () => ({
      ...diagnose('http://llama.internal.invalid'),
      env: { HTTP_PROXY: `http://me:${KEY}@127.0.0.1:${await freePort()}` },
    }),
  },
  {
    what: 'a key in the headers of a llama-server',
    exit: 0,
    setUp: async (lab) => diagnose((await lab.canned(withHeaders())).url),
  },
  {
    what: 'a key in the headers of a stranger',
    exit: 1,
    setUp: async (lab) =>
      diagnose((await lab.canned({ '*': { status: 404, body: 'no' } }, LEAKY_HEADERS)).url),
  },
  {
    what: 'a server that says the key back',
    exit: 1,
    setUp: async (lab) => {
      const { url } = await lab.canned({
        '*': (request, response) => {
          const body = {
            error: {
              message: `Incorrect API key provided: ${request.headers.authorization}`,
              type: 'invalid_request_error',
            },
          };
          response.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify(body));
        },
      });
      return diagnose(url, '--api-key', KEY);
    },
  },
  {
    what: 'the arguments of a server on this machine',
    exit: 1,
    setUp: async (lab) => diagnose((await lab.server(['-c', '512', '--api-key', KEY])).url),
  },
  {
    what: 'the arguments that a router tells of its models',
    exit: 1,
    setUp: async (lab) => {
      const folder = await modelsFolder(lab);
      const args = ['--models-dir', folder, '-c', '512', '--hf-token', HF_TOKEN];
      const { url } = await lab.own(args, { model: null });
      await load(url, 'broken');
      return diagnose(url, '--model', 'broken');
    },
  },
];

/** Recorded answers of a server in order, with a key in the headers of each. */
function withHeaders() {
  return Object.fromEntries(
    Object.entries(replay('v0.6.0', ['default'])).map(([line, route]) => [
      line,
      typeof route === 'function'
        ? (...[request, response, body]: Parameters<typeof route>) => {
            for (const [name, value] of Object.entries(LEAKY_HEADERS)) response.setHeader(name, value);
            return route(request, response, body);
          }
        : { ...route, headers: { ...route.headers, ...LEAKY_HEADERS } },
    ]),
  );
}

/** The reports that may be written beside what is printed. */
const REPORTS = ['json', 'junit', 'github', 'markdown', 'sarif'];

describe('no key is in any output', function () {
  this.timeout(120_000);
  const shared = new Shared();
  let lab: Lab;
  beforeEach(() => {
    lab = new Lab(shared);
  });
  afterEach(() => lab.close());
  after(() => shared.stop());

  async function run({ args, env, cwd }: Call, ...more: readonly string[]) {
    return cli([...args, ...more], {
      ...(env === undefined ? {} : { env }),
      ...(cwd === undefined ? {} : { cwd }),
    });
  }

  for (const { what, exit, setUp, isRefused } of PLACES) {
    it(`${what}: as text and as JSON, with --verbose too`, async () => {
      const call = await setUp(lab);
      for (const more of [[], ['--verbose'], ['--json'], ['--json', '--verbose']]) {
        const { code, text } = await run(call, ...more);
        assert.equal(code, exit, text);
        keepsSecret(text, [...call.args, ...more]);
      }
    });

    if (isRefused === true) continue;
    it(`${what}: in reports and in a bundle, and read from that`, async () => {
      const call = await setUp(lab);
      const folder = lab.folder();
      const bundle = join(folder, 'bundle.tar.gz');
      const reports = REPORTS.flatMap((format) => [
        '--output',
        `${format}=${join(folder, `report.${format}`)}`,
      ]);
      const { code, text } = await run(call, '--bundle', bundle, ...reports);
      assert.equal(code, exit, text);
      keepsSecret(text, call.args);
      assert.equal(readdirSync(folder).length, REPORTS.length + 1);
      for (const format of REPORTS)
        keepsSecret(readFileSync(join(folder, `report.${format}`), 'utf8'), [format]);
      keepsSecret(gunzipSync(readFileSync(bundle)).toString('latin1'), ['the bundle']);
      const again = await run({ args: ['diagnose', '--from', bundle] }, '--json');
      assert.equal(again.code, exit, again.text);
      keepsSecret(again.text, ['--from']);
    });
  }

  it('a key in a log: explain', async () => {
    const file = logFile(lab);
    for (const more of [[], ['--json']]) {
      const { code, text } = await cli(['explain', file, ...more]);
      assert.equal(code, 0, text);
      assert.match(text, /model\.file-missing/);
      keepsSecret(text, ['explain', ...more]);
    }
  });

  it('a key in a log: diagnose --logs', async () => {
    for (const more of [[], ['--json']]) {
      const { code, text } = await cli(['diagnose', '--logs', logFile(lab), ...more]);
      assert.equal(code, 1, text);
      keepsSecret(text, ['--logs', ...more]);
    }
  });

  it('a key in pasted text: explain', async () => {
    const { code, text } = await cli([
      'explain',
      `curl -H "Authorization: Bearer ${KEY}" http://gpu1/props {"error":{"code":401,"message":"Invalid API Key","type":"authentication_error"}}`,
    ]);
    assert.equal(code, 0, text);
    keepsSecret(text, ['explain TEXT']);
  });
});

/** As it is, encoded, or a piece of it. */
function keepsSecret(text: string, where: readonly string[]): void {
  for (const form of [
    CORE,
    Buffer.from(KEY).toString('base64'),
    Buffer.from(`me:${KEY}`).toString('base64'),
  ]) {
    for (let at = 0; at + WINDOW <= form.length; at++) {
      const piece = form.slice(at, at + WINDOW);
      const found = text.indexOf(piece);
      assert.equal(found, -1, `${where.join(' ')}: …${text.slice(Math.max(0, found - 60), found + 30)}…`);
    }
  }
}
