import assert from 'node:assert/strict';
import type { DeployPlan } from '../../src/deploy/plan.js';
import { type Document, kubernetesObjects } from './read-back.js';

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-\w.]*[A-Za-z0-9])?)?$/;
const MIB = 1024 ** 2;

/** What must hold of the manifests whatever was asked for: names, selectors, mounts, ports, secrets, safety. */
export function assertKubernetes(plan: DeployPlan): void {
  const objects = kubernetesObjects(plan);
  const of = (kind: string) => objects.filter((object) => object.kind === kind);
  const [workload, ...others] = [...of('Deployment'), ...of('StatefulSet')];
  assert.ok(workload && others.length === 0, 'one workload');
  const pod = workload.spec.template;

  assertNames(plan, objects);
  assertSelectors(objects, workload);
  assertPorts(plan, objects, pod.spec);
  assertMounts(plan, objects, workload);
  assertSafety(pod.spec);
  assertResources(plan, pod.spec);
  assertLife(plan, objects, workload);
}

function assertNames(plan: DeployPlan, objects: Document[]): void {
  const seen = new Set<string>();
  for (const { kind, metadata } of objects) {
    assert.match(metadata.name, DNS_LABEL, `${kind} has a DNS name`);
    assert.ok(metadata.name.length <= 63, `${metadata.name} is a DNS label`);
    assert.ok(!seen.has(`${kind}/${metadata.name}`), `${kind}/${metadata.name} is there once`);
    seen.add(`${kind}/${metadata.name}`);
    if (kind !== 'Namespace')
      assert.equal(metadata.namespace, plan.options.namespace, `${kind} is in the namespace`);
    for (const [label, value] of Object.entries(metadata.labels ?? {})) {
      assert.match(String(value), LABEL_VALUE, `label ${label} of ${kind}`);
      assert.equal(typeof value, 'string', `label ${label} of ${kind} is a string`);
    }
    for (const [name, value] of Object.entries(metadata.annotations ?? {}))
      assert.equal(typeof value, 'string', `annotation ${name} of ${kind} is a string`);
  }
}

function assertSelectors(objects: Document[], workload: Document): void {
  const { labels } = workload.spec.template.metadata;
  const selects = (selector: Document, what: string) => {
    for (const [name, value] of Object.entries(selector))
      assert.equal(labels[name], value, `${what} selects the pods`);
  };
  selects(workload.spec.selector.matchLabels, workload.kind);
  for (const { kind, spec } of objects) {
    if (kind === 'Service') selects(spec.selector, kind);
    if (kind === 'PodDisruptionBudget') selects(spec.selector.matchLabels, kind);
    if (kind === 'NetworkPolicy') selects(spec.podSelector.matchLabels, kind);
    if (kind === 'ServiceMonitor') {
      const found = objects.filter(
        (object) =>
          object.kind === 'Service' &&
          Object.entries(spec.selector.matchLabels).every(
            ([name, value]) => object.metadata.labels[name] === value,
          ),
      );
      assert.equal(found.length, 1, 'every server is scraped once');
    }
  }
  for (const { labelSelector } of workload.spec.template.spec.topologySpreadConstraints ?? [])
    selects(labelSelector.matchLabels, 'the spread');
}

function assertPorts(plan: DeployPlan, objects: Document[], pod: Document): void {
  const [server] = pod.containers;
  const ports = new Map(server.ports.map((port: Document) => [port.name, port.containerPort]));
  const given = server.args[server.args.indexOf('--port') + 1];
  assert.equal(String(ports.get('http')), given, 'the container port is the one the server listens on');
  for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
    const { httpGet, exec } = server[probe];
    if (plan.health.needsKey) {
      const script = exec.command.at(-1);
      assert.match(script, new RegExp(`127\\.0\\.0\\.1:${given}${plan.health.path}$`), probe);
      assert.match(script, /api-key/, `${probe} brings the key`);
    } else {
      assert.ok(ports.has(httpGet.port), `${probe} asks a port that is there`);
      assert.equal(httpGet.path, `${plan.options.apiPrefix ?? ''}/health`, probe);
    }
  }
  const services = objects.filter(({ kind }) => kind === 'Service');
  for (const { spec, metadata } of services) {
    for (const port of spec.ports) assert.ok(ports.has(port.targetPort), `${metadata.name} leads to a port`);
  }
  const backend = (name: string, port: number, what: string) => {
    const service = services.find(({ metadata }) => metadata.name === name);
    assert.ok(
      service?.spec.ports.some((each: Document) => each.port === port),
      `${what} leads to a Service`,
    );
  };
  for (const { kind, spec } of objects) {
    if (kind === 'Ingress') {
      const { service } = spec.rules[0].http.paths[0].backend;
      backend(service.name, service.port.number, kind);
      assert.deepEqual(spec.tls[0].hosts, [spec.rules[0].host], 'the host has TLS');
    }
    if (kind === 'HTTPRoute')
      backend(spec.rules[0].backendRefs[0].name, spec.rules[0].backendRefs[0].port, kind);
    if (kind === 'NetworkPolicy') {
      for (const { ports: allowed } of spec.ingress)
        for (const { port } of allowed) assert.ok(ports.has(port), 'the policy lets requests in');
      const fetches =
        pod.initContainers?.some(({ command }: Document) => /curl/.test(command.at(-1))) === true;
      assert.equal(spec.egress.length > 0, fetches, 'the way out is open for fetching only');
    }
    if (kind === 'ServiceMonitor') {
      for (const endpoint of spec.endpoints)
        assert.ok(
          services[0]?.spec.ports.some(({ name }: Document) => name === endpoint.port),
          'a named port',
        );
    }
  }
}

function assertMounts(plan: DeployPlan, objects: Document[], workload: Document): void {
  const { options } = plan;
  const { spec } = workload.spec.template;
  const claims = (workload.spec.volumeClaimTemplates ?? []).map(({ metadata }: Document) => metadata.name);
  const volumes = [...spec.volumes.map(({ name }: Document) => name), ...claims];
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const mounts = containers.flatMap(({ volumeMounts }) => volumeMounts);
  assert.deepEqual(
    [...new Set(mounts.map(({ name }: Document) => name))].sort(),
    [...volumes].sort(),
    'what is mounted is there, and what is there is mounted',
  );
  for (const { volumeMounts } of containers) {
    const paths = volumeMounts.map(({ mountPath }: Document) => mountPath);
    assert.equal(new Set(paths).size, paths.length, 'every path is mounted once');
  }
  const [server] = spec.containers;
  for (const flag of ['--model', '--models-preset', '--api-key-file']) {
    const at = server.args.indexOf(flag);
    if (at < 0) continue;
    const path = server.args[at + 1];
    const mount = server.volumeMounts.find(({ mountPath }: Document) => path.startsWith(`${mountPath}/`));
    assert.ok(mount?.readOnly, `${flag} ${path} is in a read-only mount`);
  }
  const exists = (kind: string, name: string) =>
    objects.some((object) => object.kind === kind && object.metadata.name === name);
  const known = [options.apiKeySecret, options.hfTokenSecret];
  for (const { secret, configMap, persistentVolumeClaim } of spec.volumes) {
    if (configMap) assert.ok(exists('ConfigMap', configMap.name), `${configMap.name} is there`);
    if (persistentVolumeClaim) {
      const { claimName } = persistentVolumeClaim;
      const isGiven = options.storage?.kind === 'claim' && options.storage.name === claimName;
      assert.ok(isGiven || exists('PersistentVolumeClaim', claimName), `${claimName} is there`);
    }
    if (secret) {
      const wanted = known.find((each) => each?.name === secret.secretName);
      assert.equal(secret.items[0].key, wanted?.key, 'a secret that was named, by its key');
    }
  }
  assert.equal(
    objects.some(({ kind }) => kind === 'Secret'),
    false,
    'no secret is in the output',
  );
  if (workload.kind === 'StatefulSet')
    assert.ok(exists('Service', workload.spec.serviceName), 'it has its Service');
}

/** Pod Security level "restricted", and what goes beyond it. */
function assertSafety(pod: Document): void {
  assert.equal(pod.automountServiceAccountToken, false);
  assert.equal(pod.enableServiceLinks, false);
  assert.equal(pod.securityContext.runAsNonRoot, true);
  assert.ok(pod.securityContext.runAsUser > 0);
  assert.equal(pod.securityContext.seccompProfile.type, 'RuntimeDefault');
  for (const { securityContext } of [...(pod.initContainers ?? []), ...pod.containers]) {
    assert.equal(securityContext.allowPrivilegeEscalation, false);
    assert.equal(securityContext.readOnlyRootFilesystem, true);
    assert.deepEqual(securityContext.capabilities.drop, ['ALL']);
  }
  for (const volume of pod.volumes) assert.ok(!('hostPath' in volume), 'nothing of the node');
}

function assertResources(plan: DeployPlan, pod: Document): void {
  const [{ resources, args }] = pod.containers;
  assert.deepEqual(resources.requests, resources.limits, 'what is requested is what may be used');
  const cpu = /m$/.test(resources.limits.cpu)
    ? Number.parseInt(resources.limits.cpu, 10) / 1000
    : Number(resources.limits.cpu);
  const threads = Number(args[args.indexOf('--threads') + 1]);
  assert.ok(
    Number.isInteger(threads) && threads >= 1 && (threads <= cpu || threads === 1),
    `${threads} threads, ${cpu} CPUs`,
  );
  const memory = Number.parseInt(resources.limits.memory, 10) * MIB;
  assert.ok(memory >= (plan.sizing?.host.totalBytes ?? 0) * 0.999, 'the limit holds what the sizing says');
  const gpus = Object.entries(resources.limits).filter(([name]) => name.includes('/'));
  assert.deepEqual(
    gpus.map(([, count]) => count),
    plan.options.gpus === 0 ? [] : [String(plan.options.gpus)],
    'the GPUs that were asked for',
  );
  for (const [name] of gpus)
    assert.ok(
      pod.tolerations.some(({ key }: Document) => key === name),
      'it may run where GPUs are',
    );
}

function assertLife(plan: DeployPlan, objects: Document[], workload: Document): void {
  const { spec } = workload.spec.template;
  const [server] = spec.containers;
  const drain = server.lifecycle.preStop.exec.command.at(-1);
  assert.ok(
    spec.terminationGracePeriodSeconds >= plan.drainSeconds + 30 + 5,
    'the drain and the stop have time',
  );
  assert.equal(
    /oauth2-bearer/.test(drain),
    plan.options.apiKeySecret !== undefined,
    'the drain brings the key',
  );
  assert.equal(spec.shareProcessNamespace, true, 'SIGTERM is heard while it loads');
  const { periodSeconds, failureThreshold } = server.startupProbe;
  assert.ok(periodSeconds * failureThreshold >= plan.startSeconds, 'loading has time');
  const scalers = objects.filter(({ kind }) => kind === 'ScaledObject' || kind === 'HorizontalPodAutoscaler');
  assert.equal(scalers.length, plan.options.autoscale === undefined ? 0 : 1);
  for (const { spec: scaler } of scalers) {
    assert.equal(scaler.scaleTargetRef.kind, workload.kind);
    assert.equal(scaler.scaleTargetRef.name, workload.metadata.name);
    assert.equal(workload.spec.replicas, undefined, 'the scaler owns the number of replicas');
  }
  const ownClaim = objects.some(({ kind }) => kind === 'PersistentVolumeClaim');
  if (workload.kind === 'Deployment' && (ownClaim || (plan.options.gpus > 0 && workload.spec.replicas === 1)))
    assert.equal(workload.spec.strategy.type, 'Recreate', 'no deadlock on the volume or the GPU');
  const budget = objects.find(({ kind }) => kind === 'PodDisruptionBudget');
  if (workload.spec.replicas === 1) assert.equal(budget, undefined, 'a single server does not block a drain');
}
