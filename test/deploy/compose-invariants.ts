import assert from 'node:assert/strict';
import type { DeployPlan } from '../../src/deploy/plan.js';
import { composeProject, composeServers, type Document } from './read-back.js';

/** What must hold of the Compose project whatever was asked for. */
export function assertCompose(plan: DeployPlan): void {
  const { project, files } = composeProject(plan);
  const paths = new Set(files.map(({ path }) => `./${path}`));
  const servers = composeServers(plan, project);
  assert.ok(servers.length > 0, 'there is a server');
  const dollars = (files[0]?.content ?? '')
    .replace(/^#.*$/gm, '')
    .replaceAll('$$', '')
    .match(/\$(?!\{[A-Z_]+:-\d+\}).{0,20}/g);
  assert.equal(dollars, null, 'Compose fills in nothing but what is meant');

  for (const [name, service] of Object.entries<Document>(project.services)) {
    assert.match(name, /^[a-z0-9][-a-z0-9]{0,62}$/, 'a service is a host name');
    assert.equal(service.read_only, true, `${name} cannot change its programs`);
    assert.deepEqual(service.cap_drop, ['ALL'], name);
    assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name);
    assert.equal(service.init, true, name);
    assert.ok(service.logging.options['max-size'], `${name} turns its log over`);
    const { cpus, memory } = service.deploy.resources.limits;
    assert.match(cpus, /^\d+(\.\d+)?$/, name);
    assert.match(memory, /^\d+M$/, name);
    for (const other of Object.keys(service.depends_on ?? {}))
      assert.ok(other in project.services, `${name} waits for a service that is there`);
    assertVolumes(name, service, project, paths);
    for (const secret of service.secrets ?? []) {
      const source = typeof secret === 'string' ? secret : secret.source;
      assert.match(
        project.secrets[source].file,
        /^\.\/secrets\//,
        `${name}: ${source} is a file of the user's`,
      );
    }
    for (const port of service.ports ?? [])
      assert.match(port, /^127\.0\.0\.1:\d+:\d+$/, `${name} is on loopback`);
  }

  const published = Object.values<Document>(project.services).flatMap(({ ports }) =>
    (ports ?? []).map((port: string) => port.split(':')[1]),
  );
  assert.equal(new Set(published).size, published.length, 'every port is published once');
  assert.ok(published.includes(String(plan.options.port)), "the server's port is published");
  for (const [name, service] of servers) assertServer(plan, name, service);
  if (servers.length > 1)
    assertBalancer(
      plan,
      servers.map(([name]) => name),
      files,
      project,
    );
  assertGpus(servers.map(([, service]) => service));
}

function assertVolumes(name: string, service: Document, project: Document, paths: ReadonlySet<string>): void {
  const targets = (service.volumes ?? []).map(({ target }: Document) => target);
  assert.equal(new Set(targets).size, targets.length, `${name} mounts every path once`);
  for (const { type, source, read_only, bind } of service.volumes ?? []) {
    if (type === 'volume') assert.ok(source in project.volumes, `${name}: the volume ${source} is there`);
    if (type === 'bind') {
      assert.equal(read_only, true, `${name} cannot change ${source}`);
      assert.equal(bind.create_host_path, false, `${name}: a missing ${source} is an error`);
      if (source.startsWith('.')) assert.ok(paths.has(source), `${name}: ${source} is one of our files`);
    }
  }
}

function assertServer(plan: DeployPlan, name: string, service: Document): void {
  assert.equal(service.image, plan.image.reference, name);
  assert.equal(service.entrypoint, undefined, "the entrypoint is the image's");
  assert.equal(service.user, '65534:65534', name);
  const test = service.healthcheck.test.join(' ');
  assert.match(
    test,
    new RegExp(`127\\.0\\.0\\.1:${plan.options.port}${plan.health.path}$`),
    `${name}'s check fits`,
  );
  assert.equal(/api-key/.test(test), plan.health.needsKey, 'the check brings the key where it must');
  assert.ok(Number.parseInt(service.healthcheck.start_period, 10) >= plan.startSeconds, 'loading has time');
  assert.ok(Number.parseInt(service.stop_grace_period, 10) > 30, 'stopping has time');
  for (const flag of ['--model', '--models-preset']) {
    const at = service.command.indexOf(flag);
    if (at < 0) continue;
    const path: string = service.command[at + 1];
    assert.ok(
      service.volumes.some(({ target }: Document) => path === target || path.startsWith(`${target}/`)),
      `${flag} ${path} is mounted`,
    );
  }
  const keyAt = service.command.indexOf('--api-key-file');
  if (keyAt >= 0)
    assert.ok(
      service.secrets.some(({ target }: Document) => target === service.command[keyAt + 1]),
      'the key is there',
    );
}

function assertBalancer(
  plan: DeployPlan,
  names: readonly string[],
  files: readonly { readonly path: string; readonly content: string }[],
  project: Document,
): void {
  const config = files.find(({ path }) => path === 'haproxy.cfg' || path === 'nginx.conf')?.content ?? '';
  for (const name of names)
    assert.ok(config.includes(`${name}:${plan.options.port}`), `${name} gets requests`);
  assert.match(config, /leastconn|least_conn/);
  assert.ok(!('ports' in project.services[names[0] ?? '']), 'servers are reached through the load balancer');
}

/** No two servers have the same GPU. */
function assertGpus(servers: readonly Document[]): void {
  if (servers.length < 2) return;
  const ids = servers.flatMap(({ deploy, environment }) => [
    ...(deploy.resources.reservations?.devices ?? []).flatMap((device: Document) => device.device_ids),
    ...Object.entries<string>(environment ?? {}).flatMap(([name, value]) =>
      /DEVICE/.test(name) && name !== 'NVIDIA_DRIVER_CAPABILITIES'
        ? value.replace('level_zero:', '').split(',')
        : [],
    ),
  ]);
  assert.equal(new Set(ids).size, ids.length, 'every GPU has one server');
}
