import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './real-server.js';

export interface Nginx {
  readonly port: number;
  stop(): Promise<void>;
}

const LONGEST_START = 10_000;

/** Whether an nginx can be started here. */
export function hasNginx(): boolean {
  return spawnSync('nginx', ['-v']).status === 0;
}

/**
 * A real nginx on a free port of loopback.
 * @param server what stands in its `server { }`, besides `listen`
 * @param listen after the address: `ssl`
 * @throws Error where there is no nginx: npm test installs nginx-light where it may
 */
export async function startNginx(server: string, listen = ''): Promise<Nginx> {
  if (!hasNginx())
    throw new Error('nginx is not installed: apt-get install nginx-light (npm test does, as root)');
  const folder = mkdtempSync(join(tmpdir(), 'llamactl-nginx-'));
  const port = await freePort();
  const file = join(folder, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join('\n');
  writeFileSync(
    file,
    `daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events {}
http {
access_log off;
${temporary}
server {
listen 127.0.0.1:${port} ${listen};
${server}
}
}
`,
  );
  const child = spawn('nginx', ['-c', file, '-p', folder, '-e', join(folder, 'error.log')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString('utf8');
  });
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async () => {
    child.kill('SIGKILL');
    await exited;
    process.off('exit', kill);
    rmSync(folder, { recursive: true, force: true });
  };
  const deadline = Date.now() + LONGEST_START;
  while (!(await accepts(port))) {
    if (child.exitCode === null && Date.now() < deadline) continue;
    await stop();
    throw new Error(`nginx did not start:\n${complaints}`);
  }
  return { port, stop };
}

async function accepts(port: number): Promise<boolean> {
  const connected = await new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
  });
  if (!connected) await new Promise((resolve) => setTimeout(resolve, 20));
  return connected;
}
