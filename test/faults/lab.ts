import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CannedServer, cannedServer, type Route } from '../support/canned-server.js';
import { type Fault, FaultProxy } from '../support/fault-proxy.js';
import { type HttpProxy, type HttpProxyOptions, httpProxy } from '../support/http-proxy.js';
import { type Nginx, startNginx } from '../support/nginx.js';
import { type ServerOptions, startServer, type TestServer } from '../support/real-server.js';

/** Servers that several scenarios may ask, since none of them changes them: started when first wanted. */
export class Shared {
  readonly #servers = new Map<string, Promise<TestServer>>();

  server(options: ServerOptions): Promise<TestServer> {
    const key = JSON.stringify(options);
    const server = this.#servers.get(key) ?? startUncounted(options);
    this.#servers.set(key, server);
    return server;
  }

  async stop(): Promise<void> {
    const started = await Promise.allSettled(this.#servers.values());
    await Promise.all(started.map((server) => server.status === 'fulfilled' && server.value.stop()));
  }
}

/** What a scenario is set up with. Whatever it starts ends with it. */
export class Lab {
  readonly #shared: Shared;
  readonly #ends: (() => unknown)[] = [];
  /** Whether a real llama-server took part. */
  usedServer = false;

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  /** A server that others ask too: it must be left as it is. */
  server(args: readonly string[] = [], options: Omit<ServerOptions, 'args'> = {}): Promise<TestServer> {
    this.usedServer = true;
    return this.#shared.server({ ...options, args });
  }

  /** A server of its own. */
  async own(args: readonly string[] = [], options: Omit<ServerOptions, 'args'> = {}): Promise<TestServer> {
    this.usedServer = true;
    const server = await startUncounted({ ...options, args });
    this.defer(() => server.stop());
    return server;
  }

  /** A TCP proxy before a server, with one fault on all connections. */
  async tcpProxy(url: string, fault: Fault): Promise<FaultProxy> {
    const proxy = await FaultProxy.start(url);
    proxy.always = fault;
    this.defer(() => proxy.stop());
    return proxy;
  }

  async httpProxy(url: string, options: HttpProxyOptions = {}): Promise<HttpProxy> {
    const proxy = await httpProxy(url, options);
    this.defer(() => proxy.stop());
    return proxy;
  }

  async canned(
    routes: Readonly<Record<string, Route>>,
    headers?: Readonly<Record<string, string>>,
    at?: { readonly host: string; readonly port: number },
  ): Promise<CannedServer> {
    const server = await cannedServer(routes, headers, at);
    this.defer(() => server.stop());
    return server;
  }

  async nginx(server: string, listen?: string): Promise<Nginx> {
    const nginx = await startNginx(server, listen);
    this.defer(() => nginx.stop());
    return nginx;
  }

  /** Ends what was given when the scenario ends. */
  keep<T extends { stop(): Promise<void> }>(started: T): T {
    this.defer(() => started.stop());
    return started;
  }

  folder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'llamactl-fault-'));
    this.defer(() => rmSync(folder, { recursive: true, force: true }));
    return folder;
  }

  /**
   * A working folder with a configuration.
   * @param content an object is written as JSON
   */
  configuration(content: unknown, name = 'llamactl.config.json'): string {
    const folder = this.folder();
    const text = typeof content === 'string' ? content : JSON.stringify(content, null, 2);
    writeFileSync(join(folder, name), text);
    return folder;
  }

  defer(end: () => unknown): void {
    this.#ends.push(end);
  }

  /** Ends everything, the last first. */
  async close(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end();
  }
}

/** Scenarios run beside each other, so that the test which happens to be awaited is not the one that starts the server. */
function startUncounted(options: ServerOptions): Promise<TestServer> {
  const use = globalThis.llamactlTestRun;
  globalThis.llamactlTestRun = undefined;
  const started = startServer(options);
  globalThis.llamactlTestRun = use;
  return started;
}
