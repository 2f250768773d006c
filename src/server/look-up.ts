import { access, constants, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** A program's path by its name, as a shell finds it. */
export async function lookUp(name: string, env: NodeJS.ProcessEnv = process.env): Promise<string | null> {
  const endings = process.platform === 'win32' ? (env['PATHEXT'] ?? '.EXE;.CMD').split(';') : [''];
  for (const folder of (env['PATH'] ?? env['Path'] ?? '').split(delimiter)) {
    if (folder === '') continue;
    for (const ending of endings) {
      const path = join(folder, name + ending);
      if (await isExecutable(path)) return path;
    }
  }
  return null;
}

/** Whether it is a file that we may run. */
export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
