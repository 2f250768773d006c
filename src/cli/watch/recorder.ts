import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { usageError } from '../../errors/llamactl-error.js';

/** A file that lines are added to. */
export interface Recorder {
  write(line: object): void;
  close(): Promise<void>;
}

/**
 * Opens a recording; what it holds is kept.
 * @param redact takes secrets out of every text
 * @param onFailure told once, where the file cannot be written any more: the watch goes on
 * @throws LlamactlError (usage) where it cannot be opened
 */
export async function openRecorder(
  path: string,
  redact: (text: string) => string,
  onFailure: (message: string) => void,
): Promise<Recorder> {
  const stream = createWriteStream(path, { flags: 'a', mode: 0o600 });
  try {
    await once(stream, 'open');
  } catch (error) {
    throw usageError(`${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  }
  let broken = false;
  stream.on('error', (error) => {
    if (!broken) onFailure(`${path} cannot be written any more: ${error.message}`);
    broken = true;
  });
  const masked = (_: string, value: unknown) => (typeof value === 'string' ? redact(value) : value);
  return {
    write: (line) => {
      if (!broken) stream.write(`${JSON.stringify(line, masked)}\n`);
    },
    close: async () => {
      if (broken) return;
      const closed = once(stream, 'close');
      stream.end();
      await closed;
    },
  };
}
