import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LlamactlError } from '../../src/errors/llamactl-error.js';
import { expandUrls } from '../../src/services/fleet/expand.js';
import { listEndpoints } from '../../src/services/fleet/kubernetes.js';
import { readList } from '../../src/services/fleet/list-file.js';
import { resolveServers } from '../../src/services/fleet/srv-records.js';

const { signal } = new AbortController();
const usage = (message: RegExp) => (error: unknown) =>
  error instanceof LlamactlError && error.exit === 2 && message.test(error.message);

describe('many servers by one address', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'llamactl-fleet-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  describe('@FILE', () => {
    const read = (text: string) => {
      const file = join(folder, 'servers.txt');
      writeFileSync(file, text);
      return readList(file, process.stdin);
    };

    it('has an address a line, comments and blank lines left out', async () => {
      assert.deepEqual(
        await read('# fleet\nhttp://a:1\n\n  http://b:2/x#y  # gpu 2\r\n#http://c:3\nhttp://d:4'),
        ['http://a:1', 'http://b:2/x#y', 'http://d:4'],
      );
    });

    it('names the line that is none', async () => {
      await assert.rejects(
        read('http://a:1\nhttp://b:2 http://c:3\n'),
        usage(/servers\.txt:2: .*more than one/),
      );
    });

    it('says why it cannot be read, and where it holds nothing', async () => {
      await assert.rejects(
        readList(join(folder, 'none'), process.stdin),
        usage(/none cannot be read: ENOENT/),
      );
      writeFileSync(join(folder, 'empty.txt'), '# nothing yet\n');
      await assert.rejects(
        expandUrls([`@${join(folder, 'empty.txt')}`], signal),
        usage(/empty\.txt names no server/),
      );
    });

    it('counts a server that is named twice once', async () => {
      writeFileSync(join(folder, 'twice.txt'), 'http://a:1\nhttp://a:1\n');
      assert.deepEqual(
        await expandUrls([`@${join(folder, 'twice.txt')}`, 'http://a:1', 'http://b:2'], signal),
        ['http://a:1', 'http://b:2'],
      );
    });
  });

  describe('dns+srv://', () => {
    /** A name server that answers every question with these records. */
    async function withRecords<T>(
      records: readonly (readonly [priority: number, port: number, host: string])[],
      act: (nameServer: string) => Promise<T>,
      code = 0,
    ): Promise<T> {
      const socket = createSocket('udp4');
      socket.on('message', (query, { port, address }) => {
        const end = query.indexOf(0, 12) + 5;
        const answers = records.map(([priority, target, host]) => {
          const name = Buffer.concat([
            ...host.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
            Buffer.from([0]),
          ]);
          const record = Buffer.alloc(18);
          record.writeUInt16BE(0xc00c, 0);
          record.writeUInt16BE(33, 2);
          record.writeUInt16BE(1, 4);
          record.writeUInt16BE(6 + name.length, 10);
          record.writeUInt16BE(priority, 12);
          record.writeUInt16BE(target, 16);
          return Buffer.concat([record, name]);
        });
        const head = Buffer.from(query.subarray(0, end));
        head.writeUInt16BE(0x8180 | code, 2);
        head.writeUInt16BE(records.length, 6);
        head.writeUInt16BE(0, 8);
        head.writeUInt16BE(0, 10);
        socket.send(Buffer.concat([head, ...answers]), port, address);
      });
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
      try {
        return await act(`127.0.0.1:${socket.address().port}`);
      } finally {
        socket.close();
      }
    }

    it('is what the records name, the best priority first', async () => {
      const urls = await withRecords(
        [
          [20, 8081, 'spare.example'],
          [10, 8080, 'gpu1.example'],
        ],
        async (server) => [
          await resolveServers('dns+srv://_llama._tcp.example', [server]),
          await resolveServers('dns+srv+https://_llama._tcp.example/llm/', [server]),
        ],
      );
      assert.deepEqual(urls, [
        ['http://gpu1.example:8080', 'http://spare.example:8081'],
        ['https://gpu1.example:8080/llm', 'https://spare.example:8081/llm'],
      ]);
    });

    it('says why there is nothing', async () => {
      const ask = (server: string) => resolveServers('dns+srv://_llama._tcp.example', [server]);
      await assert.rejects(withRecords([], ask, 3), usage(/has no SRV records: there is no such name/));
      await assert.rejects(withRecords([], ask), usage(/the name has other records only/));
      await assert.rejects(resolveServers('dns+srv://', []), usage(/no address of SRV records/));
    });
  });

  describe('k8s://', () => {
    const path = process.env['PATH'];
    afterEach(() => {
      process.env['PATH'] = path;
    });
    /** A kubectl that prints what a real one does (v1.34, `get endpointslices -o json`). */
    function kubectl(script: string): void {
      const bin = mkdtempSync(join(folder, 'bin-'));
      writeFileSync(join(bin, 'kubectl'), `#!/bin/sh\n${script}\n`);
      chmodSync(join(bin, 'kubectl'), 0o755);
      process.env['PATH'] = `${bin}:${path}`;
    }
    const slice = (addressType: string, addresses: readonly string[], ports: readonly object[]) => ({
      addressType,
      apiVersion: 'discovery.k8s.io/v1',
      endpoints: addresses.map((address, index) => ({
        addresses: [address],
        conditions: { ready: index === 0, serving: index === 0, terminating: address === '10.0.0.9' },
        targetRef: { kind: 'Pod', name: `llama-${index}`, namespace: 'ai' },
      })),
      kind: 'EndpointSlice',
      ports,
    });
    const HTTP = { name: 'http', port: 8080, protocol: 'TCP' };
    const list = (...items: readonly object[]) =>
      `cat <<'END'\n${JSON.stringify({ apiVersion: 'v1', items, kind: 'List', metadata: { resourceVersion: '' } })}\nEND`;

    it('is the endpoints of a Service, ready or not, without those that end', async () => {
      kubectl(
        `echo "$@" > ${join(folder, 'asked')}; ${list(
          slice('IPv4', ['10.0.0.7', '10.0.0.8', '10.0.0.9'], [HTTP, { name: 'metrics', port: 9100 }]),
          slice('IPv6', ['fd00::7'], [HTTP]),
          slice('FQDN', ['else.example'], [HTTP]),
        )}`,
      );
      assert.deepEqual(await listEndpoints('k8s://ai/llama', signal), [
        'http://10.0.0.7:8080',
        'http://10.0.0.8:8080',
        'http://[fd00::7]:8080',
      ]);
      assert.deepEqual(await listEndpoints('k8s://ai/llama:metrics/llm', signal), [
        'http://10.0.0.7:9100/llm',
        'http://10.0.0.8:9100/llm',
      ]);
      assert.equal((await listEndpoints('k8s://ai/llama:9100', signal)).length, 2);
    });

    it('says what is missing: endpoints, a port, a right address', async () => {
      kubectl(list());
      await assert.rejects(listEndpoints('k8s://ai/llama', signal), usage(/llama in ai has no endpoints/));
      kubectl(list(slice('IPv4', ['10.0.0.7'], [HTTP])));
      await assert.rejects(listEndpoints('k8s://ai/llama:web', signal), usage(/has no port web: http/));
      await assert.rejects(listEndpoints('k8s://llama', signal), usage(/no address of a Service/));
    });

    it('hands on what kubectl says, and how to try it', async () => {
      kubectl('echo "Error from server (Forbidden): endpointslices is forbidden" >&2; exit 1');
      await assert.rejects(listEndpoints('k8s://ai/llama', signal), usage(/endpointslices is forbidden/));
      kubectl('echo something else');
      await assert.rejects(listEndpoints('k8s://ai/llama', signal), usage(/no list of EndpointSlices/));
      process.env['PATH'] = folder;
      await assert.rejects(listEndpoints('k8s://ai/llama', signal), usage(/needs kubectl/));
    });
  });
});
