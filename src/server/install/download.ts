import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { makeFolder } from '../../client/make-folder.js';
import { downloadFailed, toolMissing, wrongFile } from './failures.js';
import { waysToDownload } from './guidance.js';
import type { PackagePin } from './pins.js';
import type { InstallContext } from './progress.js';
import { runTool, ToolError } from './run-tool.js';
import { type Downloader, findDownloader } from './tools.js';

/** @throws LlamactlError (exit 2) where there is neither pip nor uv */
export async function requireDownloader(context: InstallContext): Promise<Downloader> {
  const found = await findDownloader(context);
  if (found !== null) return found;
  throw await toolMissing('there is neither pip nor uv', await waysToDownload(context.env));
}

/**
 * Downloads one file and proves that it is the one that is meant. pip gets the hash too, so that it runs nothing of a source
 * package (whose metadata step it insists on) before the file is known to be right.
 * @param folder where to; made where it is not there
 * @returns the file's path
 * @throws LlamactlError where it cannot be had, or is another file
 */
export async function downloadPackage(
  pin: PackagePin,
  folder: string,
  tools: Downloader,
  context: InstallContext,
): Promise<string> {
  const name = `${pin.name}==${pin.version}`;
  const megabytes = Math.max(1, Math.round(pin.size / 1e6));
  const message = `downloading ${pin.name} ${pin.version} (${megabytes} MB)`;
  context.report({ step: 'download', message });
  await makeFolder(folder, 0o777);
  const requirements = join(folder, `${pin.name}.txt`);
  await writeFile(requirements, `${name} --hash=sha256:${pin.sha256}\n`);

  const [command, ...args] = tools.pip;
  const files = join(folder, pin.name);
  try {
    await runTool(
      command,
      [
        ...args,
        'download',
        '--no-deps',
        '--no-input',
        '--disable-pip-version-check',
        ...(tools.rawProgress ? ['--progress-bar', 'raw'] : []),
        // Never `--no-binary :all:`, which would build CMake itself from source.
        ...(pin.format === 'sdist' ? ['--no-binary', pin.name] : ['--only-binary', ':all:']),
        ...(pin.platform === undefined ? [] : ['--platform', pin.platform]),
        '--require-hashes',
        '--requirement',
        requirements,
        '--dest',
        files,
      ],
      {
        env: context.env,
        signal: context.signal,
        onLine: (line) => {
          const [, done, total] = /^Progress (\d+) of (\d+)/.exec(line) ?? [];
          if (done !== undefined && Number(total) > 0) {
            context.report({ step: 'download', message, done: Number(done), total: Number(total) });
          } else if (/Installing build dependencies: started/.test(line)) {
            context.report({ step: 'verify', message: `pip reads what ${pin.name} is` });
          }
        },
      },
    );
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    const got = /^\s*Got\s+([0-9a-f]{64})/m.exec(error.tail.join('\n'))?.[1];
    if (got !== undefined) throw wrongFile(name, pin.sha256, got);
    throw downloadFailed(name, error);
  }

  const [file] = await readdir(files);
  if (file === undefined)
    throw downloadFailed(name, new Error('pip said that it went well, and left no file'));
  const path = join(files, file);
  const hash = await sha256(path);
  if (hash !== pin.sha256) {
    await rm(path, { force: true });
    throw wrongFile(name, pin.sha256, hash);
  }
  return path;
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
