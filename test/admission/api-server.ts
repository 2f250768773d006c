import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { KUBE_APISERVER } from '../support/go-programs.js';
import { freePort } from '../support/real-server.js';
import { VALIDATORS } from '../support/validators.js';

const TOKEN = 'admission-tests';
/** Milliseconds: it takes 3 to 12 s, and much longer on a machine that is busy. */
const START_TIMEOUT = 240_000;

/** As kubectl applies on the server's side, and nothing is passed over in silence. */
const APPLY = 'fieldManager=tests&force=true&fieldValidation=Strict';
const APPLY_YAML = 'application/apply-patch+yaml';

/** What the API server says to one object. */
export interface Answer {
  readonly status: number;
  /** Why it was refused; empty where it was not. */
  readonly message: string;
  /** What `kubectl` prints as `Warning:`. */
  readonly warnings: readonly string[];
  /** Its body: the object as the server has read it. */
  readonly text: string;
}

/** A kube-apiserver with its etcd, without controllers: it admits or refuses, and nothing comes of it. */
export interface ApiServer {
  /** For kubectl. */
  readonly kubeconfig: string;
  /** What it says to one object, as YAML that it reads itself: `kubectl apply --server-side --dry-run=server`. */
  judge(text: string): Promise<Answer>;
  stop(): Promise<void>;
}

const resources = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean() })),
});
const identity = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.object({ name: z.string(), namespace: z.string().optional() }),
});

/**
 * Starts both on loopback, with the definitions of KEDA, the Prometheus operator and the Gateway API.
 * @param namespace where objects go that name none; it need not be there yet
 */
export async function startApiServer(namespace: string): Promise<ApiServer> {
  const folder = mkdtempSync(join(tmpdir(), 'llamactl-apiserver-'));
  const [port, etcdPort, peerPort] = [await freePort(), await freePort(), await freePort()];
  const logs: string[] = [];
  const run = (command: string, args: readonly string[]) => {
    const child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        logs.push(chunk.toString());
        if (logs.length > 500) logs.shift();
      });
    child.on('error', (error) => logs.push(String(error)));
    return child;
  };
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(join(folder, 'sa.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }));
  writeFileSync(join(folder, 'tokens.csv'), `${TOKEN},admin,1,system:masters\n`);
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  const children = [
    run('etcd', [
      '--data-dir=etcd',
      '--unsafe-no-fsync',
      `--listen-client-urls=${etcdUrl}`,
      `--advertise-client-urls=${etcdUrl}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=default=${peerUrl}`,
    ]),
    run(KUBE_APISERVER.place, [
      `--etcd-servers=${etcdUrl}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${port}`,
      '--cert-dir=certificates',
      '--token-auth-file=tokens.csv',
      '--authorization-mode=AlwaysAllow',
      '--service-account-issuer=https://localhost',
      '--service-account-key-file=sa.key',
      '--service-account-signing-key-file=sa.key',
      '--service-cluster-ip-range=10.96.0.0/24',
      '--endpoint-reconciler-type=none',
      '--allow-privileged=true',
      '--disable-admission-plugins=ServiceAccount',
      // Volumes from images, which a cluster of 1.34 must be told to have (docs/deploy.md).
      '--feature-gates=ImageVolume=true',
    ]),
  ];
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });

  function ask(method: string, path: string, body?: { type: string; text: string }) {
    return new Promise<Answer>((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${TOKEN}`,
        ...(body === undefined ? {} : { 'content-type': body.type }),
      };
      // Its certificate is its own, made a moment ago, and it listens on loopback only.
      const options = { agent, host: '127.0.0.1', port, method, path, headers, rejectUnauthorized: false };
      const sent = request(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const status = response.statusCode ?? 0;
          const raw = response.rawHeaders;
          // RFC 7234: 299 - "text"
          const warnings = raw.flatMap((name, index) =>
            index % 2 === 0 && name.toLowerCase() === 'warning'
              ? [(raw[index + 1] ?? '').replace(/^\d+ \S+ "(.*)"$/s, '$1').replaceAll('\\"', '"')]
              : [],
          );
          resolve({ status, warnings, message: status < 400 ? '' : messageOf(text), text });
        });
      });
      sent.on('error', reject);
      sent.end(body?.text);
    });
  }

  async function stop(): Promise<void> {
    agent.destroy();
    await Promise.all(children.map(ended));
    rmSync(folder, { recursive: true, force: true });
  }

  const deadline = Date.now() + START_TIMEOUT;
  const isThere = async (path: string, isSo: (text: string) => boolean) => {
    for (;;) {
      const answer = await ask('GET', path).catch(() => null);
      if (answer?.status === 200 && isSo(answer.text)) return;
      if (Date.now() > deadline || children.some(({ exitCode }) => exitCode !== null))
        throw new Error(`the API server does not come up (${path}):\n${logs.slice(-20).join('')}`);
      await sleep(100);
    }
  };

  const kinds = new Map<string, Promise<z.infer<typeof resources>>>();
  async function pathOf(text: string): Promise<string> {
    // What is wrong with it is for the server to say.
    const { apiVersion, kind, metadata } = identity.parse(
      parse(text, { uniqueKeys: false, logLevel: 'error' }),
    );
    const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const known =
      kinds.get(base) ??
      ask('GET', base).then(({ status, text: list }) =>
        status === 200 ? resources.parse(JSON.parse(list)) : { resources: [] },
      );
    kinds.set(base, known);
    const found = (await known).resources.find((each) => each.kind === kind && !each.name.includes('/'));
    // Where there is no such kind, the server says so itself.
    if (found === undefined) return `${base}/${kind.toLowerCase()}s/${metadata.name}`;
    return found.namespaced
      ? `${base}/namespaces/${metadata.namespace ?? namespace}/${found.name}/${metadata.name}`
      : `${base}/${found.name}/${metadata.name}`;
  }

  try {
    await isThere('/readyz', () => true);
    const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const files = readdirSync(VALIDATORS.crds).filter((file) => file.endsWith('.yaml'));
    const names = await Promise.all(
      files.map(async (file) => {
        const text = readFileSync(join(VALIDATORS.crds, file), 'utf8');
        const { name } = identity.parse(parse(text)).metadata;
        const path = `${definitions}/${name}?${APPLY}`;
        const { message } = await ask('PATCH', path, { type: APPLY_YAML, text });
        if (message !== '') throw new Error(`${file}: ${message}`);
        return name;
      }),
    );
    await Promise.all(
      names.map((name) =>
        isThere(`${definitions}/${name}`, (text) => /"type":"Established","status":"True"/.test(text)),
      ),
    );
  } catch (error) {
    await stop();
    throw error;
  }

  const kubeconfig = join(folder, 'kubeconfig.json');
  const server = `https://127.0.0.1:${port}`;
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'tests', cluster: { server, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'tests', user: { token: TOKEN } }],
      contexts: [{ name: 'tests', context: { cluster: 'tests', user: 'tests', namespace } }],
      'current-context': 'tests',
    }),
  );
  return {
    kubeconfig,
    stop,
    judge: async (text) =>
      ask('PATCH', `${await pathOf(text)}?${APPLY}&dryRun=All`, { type: APPLY_YAML, text }),
  };
}

function messageOf(text: string): string {
  try {
    return z.object({ message: z.string() }).parse(JSON.parse(text)).message;
  } catch {
    return text.trim();
  }
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
