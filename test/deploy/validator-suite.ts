import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { TARGETS, type TargetName } from '../../src/deploy/targets.js';
import { freePort } from '../support/real-server.js';
import { hasValidator, kubeconformArgs, VALIDATORS, type Validator } from '../support/validators.js';
import type { MatrixCase } from './matrix.js';
import { readYaml } from './read-back.js';

/** Runs a validator. @returns what it says; the test fails where it refuses */
function accepted(command: string, args: readonly string[], cwd?: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', cwd, env: ENV });
  assert.equal(status, 0, `${command} ${args.join(' ')}\n${error?.message ?? ''}${stdout}${stderr}`);
  return stdout;
}

/** Groups of the host, which the user of an AMD or Intel GPU exports. */
const ENV = { ...process.env, VIDEO_GID: '44', RENDER_GID: '109' };

/** Several sets may share a file. */
function distinct<T extends { readonly content: string }>(files: readonly T[]): T[] {
  return [...new Map(files.map((file) => [file.content, file])).values()];
}

/**
 * The tests of what programs of others say.
 * @param title of the suite
 * @param sets of options, each written for both targets
 */
export function validatorSuite(title: string, sets: readonly MatrixCase[]): void {
  describe(title, () => tests(sets));
}

function tests(sets: readonly MatrixCase[]): void {
  let folder: string;
  const all: { readonly target: TargetName; readonly path: string; readonly content: string }[] = [];
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'llamactl-validators-'));
    for (const target of ['docker-compose', 'k8s'] as const) {
      for (const [index, { plan }] of sets.entries()) {
        for (const { path: name, content } of TARGETS[target].files(plan, { explain: false })) {
          const path = join(folder, target, String(index), name);
          mkdirSync(dirname(path), { recursive: true });
          writeFileSync(path, content);
          all.push({ target, path, content });
        }
      }
    }
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  const filesOf = (target: TargetName, name: string) =>
    all.filter((file) => file.target === target && file.path.endsWith(name));
  /** A test of a tool that npm test gets where it can be had (test/support/validators.ts), and says so where it cannot. */
  const withTools = (tools: readonly Validator[], what: string, test: () => void | Promise<void>) => {
    if (tools.every(hasValidator)) it(what, test).timeout(180_000);
  };

  it('are of every kind that there is', () => {
    const kinds = new Set(
      filesOf('k8s', '.yaml').flatMap(({ content }) => readYaml(content).map(({ kind }) => kind)),
    );
    for (const kind of [
      'Deployment',
      'StatefulSet',
      'Ingress',
      'HTTPRoute',
      'ScaledObject',
      'HorizontalPodAutoscaler',
      'PrometheusRule',
    ])
      assert.ok(kinds.has(kind), kind);
    for (const name of ['nginx.conf', 'haproxy.cfg', 'rules.yml'])
      assert.ok(filesOf('docker-compose', name).length > 0, name);
  });

  withTools(
    ['kubeconform', 'schemas', 'crds'],
    'kubeconform -strict takes Kubernetes’ objects and those of CRDs',
    () => {
      accepted(VALIDATORS.kubeconform, [...kubeconformArgs(), join(folder, 'k8s')]);
    },
  );

  withTools(['kubeconform', 'schemas', 'crds'], 'kubeconform refuses a field that is misspelt', () => {
    const [server] = filesOf('k8s', 'server.yaml');
    const file = join(folder, 'misspelt.yaml');
    writeFileSync(file, (server?.content ?? '').replace('livenessProbe:', 'livenesProbe:'));
    const { status, stdout } = spawnSync(VALIDATORS.kubeconform, [...kubeconformArgs(), file], {
      encoding: 'utf8',
    });
    assert.equal(status, 1);
    assert.match(stdout, /livenesProbe/);
  });

  withTools(['composeGo'], 'compose-go takes Compose projects', () => {
    for (const { path } of filesOf('docker-compose', 'compose.yaml'))
      accepted(VALIDATORS.composeGo, [path], dirname(path));
  });

  withTools(['composeGo'], 'compose-go refuses a key that is misspelt', () => {
    const [project] = filesOf('docker-compose', 'compose.yaml');
    const file = join(folder, 'compose.yaml');
    writeFileSync(file, (project?.content ?? '').replace('read_only: true', 'readonly: true'));
    assert.notEqual(spawnSync(VALIDATORS.composeGo, [file], { env: ENV }).status, 0);
  });

  withTools(['promtool'], 'promtool takes rules and scrapes', () => {
    const rules = filesOf('docker-compose', 'rules.yml').map(({ path }) => path);
    accepted(VALIDATORS.promtool, ['check', 'rules', ...rules]);
    for (const { path, content } of distinct(filesOf('docker-compose', 'prometheus.yml'))) {
      const key = join(folder, 'api-key');
      writeFileSync(key, 'a-key');
      const local = content
        .replace('/etc/prometheus/rules.yml', join(dirname(path), 'rules.yml'))
        .replaceAll('/run/secrets/llama/api-key', key);
      writeFileSync(path, local);
      accepted(VALIDATORS.promtool, ['check', 'config', path]);
    }
    const objects = filesOf('k8s', 'monitoring.yaml').flatMap(({ content }) => readYaml(content));
    const groups = objects
      .filter(({ kind }) => kind === 'PrometheusRule')
      .map(({ spec }, index) => {
        const file = join(folder, `groups-${index}.yml`);
        writeFileSync(file, stringify({ groups: spec.groups }));
        return file;
      });
    accepted(VALIDATORS.promtool, ['check', 'rules', ...groups]);
  });

  withTools(['haproxy'], 'haproxy takes its configuration', () => {
    for (const { path } of distinct(filesOf('docker-compose', 'haproxy.cfg')))
      accepted(VALIDATORS.haproxy, ['-c', '-q', '-f', path]);
  });

  withTools(['nginx'], 'nginx takes its configuration', async () => {
    for (const { path, content } of distinct(filesOf('docker-compose', 'nginx.conf'))) {
      // The servers' names are Docker's; nginx opens the port even for a look.
      const local = content
        .replaceAll(/server \S+:(\d+) max_fails/g, 'server 127.0.0.1:$1 max_fails')
        .replace(/listen \d+/, `listen 127.0.0.1:${await freePort()}`)
        .replaceAll('/tmp/', `${folder}/`);
      writeFileSync(path, local);
      accepted(VALIDATORS.nginx, ['-t', '-q', '-c', path]);
    }
  });
}
