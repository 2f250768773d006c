import assert from 'node:assert/strict';
import { LlamaCppClient } from '../../../src/client/llama-client.js';
import { LlamaCppMonitor, type MonitorHealth } from '../../../src/services/monitor/llama-cpp-monitor.js';
import { type CannedServer, cannedServer, LLAMA_HEADERS } from '../../support/canned-server.js';
import { freePort, shareServer } from '../../support/real-server.js';

/** Timers that keep the process alive. */
const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

describe('LlamaCppMonitor', () => {
  const server = shareServer({ args: ['-c', '512', '-np', '1', '--metrics', '--alias', 'tiny'] });
  const open: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0)) await close();
  });
  const watch = (baseUrl: string) => {
    const client = new LlamaCppClient({ baseUrl, maxRetries: 0 });
    const monitor = new LlamaCppMonitor(client);
    open.push(
      () => monitor.stopHealthMonitoring(),
      () => client.destroy(),
    );
    return { client, monitor };
  };
  const checks = (monitor: LlamaCppMonitor, wanted: number) =>
    new Promise<MonitorHealth[]>((resolve) => {
      const seen: MonitorHealth[] = [];
      const stop = monitor.on('check', (health) => {
        seen.push(health);
        if (seen.length < wanted) return;
        stop();
        resolve(seen);
      });
    });

  it('checks a real server by itself, and stops without a trace', async () => {
    const { monitor } = watch(server.current.url);
    await new Promise((resolve) => setTimeout(resolve, 1));
    const before = timers();
    const coming = checks(monitor, 3);
    monitor.startHealthMonitoring(20);
    assert.equal(monitor.isMonitoring, true);
    const seen = await coming;
    assert.deepEqual(
      seen.map(({ status, serverInfo }) => [status, serverInfo.state, serverInfo.source]),
      Array.from({ length: 3 }, () => ['healthy', 'ready', 'metrics']),
    );
    assert.ok((seen[0]?.responseTime ?? 0) > 0);
    monitor.stopHealthMonitoring();
    assert.equal(monitor.isMonitoring, false);
    const { healthChecks, lastHealthCheck } = monitor.getClientMetrics();
    assert.ok(healthChecks >= 3 && Math.abs(Date.now() - lastHealthCheck) < 10_000);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(monitor.getClientMetrics().healthChecks, healthChecks, 'no more checks');
    assert.ok(timers() <= before, 'no timer is left');
  });

  it("counts the application's requests, and not its own", async () => {
    const { client, monitor } = watch(server.current.url);
    await monitor.checkHealth();
    assert.equal(monitor.getClientMetrics().totalRequests, 0);
    await client.chat([{ role: 'user', content: 'Hello' }], [], { maxTokens: 2 });
    await client.completion({ prompt: 'Hello', temperature: 'hot' as never }).catch(() => undefined);
    await client.request({ method: 'GET', path: '/nowhere' }).catch(() => undefined);
    const metrics = monitor.getClientMetrics();
    assert.ok(metrics.totalRequests >= 3, JSON.stringify(metrics));
    assert.ok(metrics.failedRequests >= 1 && metrics.successfulRequests >= 1, JSON.stringify(metrics));
    assert.equal(metrics.successfulRequests + metrics.failedRequests, metrics.totalRequests);
    assert.ok(metrics.averageResponseTime > 0);
  });

  it('tells failures in a row, what changed, and that it is back', async () => {
    const port = await freePort();
    const { monitor } = watch(`http://127.0.0.1:${port}`);
    const changes: unknown[] = [];
    const events: string[] = [];
    monitor.on('change', ({ before, after }) => changes.push([before, after]));
    monitor.on('event', ({ text }) => events.push(text));
    for (const expected of [1, 2]) {
      const { status, responseTime, error } = await monitor.checkHealth();
      assert.deepEqual([status, responseTime], ['unhealthy', null]);
      assert.match(error ?? '', /nothing listens/);
      assert.equal(monitor.getClientMetrics().consecutiveFailures, expected);
    }
    assert.deepEqual(changes, [[null, 'unreachable']]);
    assert.equal(events.length, 1);
    assert.equal((await monitor.getServerMetrics()).state, 'unreachable');
  });

  describe('at a server that takes its time', () => {
    let slow: CannedServer;
    let atOnce = 0;
    let most = 0;
    before(async () => {
      slow = await cannedServer(
        {
          'GET /health': async (_, response) => {
            most = Math.max(most, ++atOnce);
            await new Promise((resolve) => setTimeout(resolve, 120));
            atOnce--;
            response
              .writeHead(200, { 'content-type': 'application/json', ...LLAMA_HEADERS })
              .end('{"status":"ok"}');
          },
          'GET /props': { body: { total_slots: 1, endpoint_slots: false, endpoint_metrics: false } },
        },
        LLAMA_HEADERS,
      );
    });
    after(() => slow.stop());

    it('never asks twice at once, however short the interval', async () => {
      const { monitor } = watch(slow.url);
      const coming = checks(monitor, 3);
      monitor.startHealthMonitoring(1);
      const [mine, shared] = await Promise.all([monitor.checkHealth(), monitor.checkHealth()]);
      assert.equal(mine, shared);
      await coming;
      assert.equal(most, 1);
    });

    it('gives up the check under way when it is stopped, or the client is destroyed', async () => {
      const { client, monitor } = watch(slow.url);
      monitor.startHealthMonitoring(1000);
      const underWay = monitor.checkHealth();
      monitor.stopHealthMonitoring();
      await assert.rejects(underWay, { type: 'INTERRUPTED' });
      monitor.startHealthMonitoring(1000);
      await client.destroy();
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(monitor.isMonitoring, false);
    });
  });
});
