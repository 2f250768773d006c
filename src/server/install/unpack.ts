import { makeFolder } from '../../client/make-folder.js';
import type { InstallContext } from './progress.js';
import { runTool } from './run-tool.js';
import type { Downloader } from './tools.js';

/** Python's own readers: they are there wherever pip is, and refuse names that lead out of the folder. */
const UNZIP =
  'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2], sys.argv[3:] or None)';
const UNTAR = [
  'import sys, tarfile',
  'safe = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}',
  'tarfile.open(sys.argv[1]).extractall(sys.argv[2], **safe)',
].join('\n');

/**
 * Unpacks a wheel, which is a zip.
 * @param members the files that are wanted; all where none is named
 */
export async function unzip(
  archive: string,
  folder: string,
  members: readonly string[],
  tools: Downloader,
  context: InstallContext,
): Promise<void> {
  await python(UNZIP, [archive, folder, ...members], tools, context);
}

/** Unpacks a source distribution, which is a gzipped tar. */
export async function untar(
  archive: string,
  folder: string,
  tools: Downloader,
  context: InstallContext,
): Promise<void> {
  await makeFolder(folder, 0o777);
  await python(UNTAR, [archive, folder], tools, context);
}

async function python(
  script: string,
  args: readonly string[],
  tools: Downloader,
  { env, signal }: InstallContext,
): Promise<void> {
  const [command, ...words] = tools.python;
  await runTool(command, [...words, '-c', script, ...args], { env, signal });
}
