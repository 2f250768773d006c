import { readFile } from 'node:fs/promises';
import { usageError } from '../../errors/llamactl-error.js';

/**
 * The addresses in a file, one a line; what stands after `#` at the start of a line or after a blank is a comment.
 * @param file `-` is stdin
 * @throws LlamactlError (usage) where it cannot be read, or a line holds more than an address
 */
export async function readList(
  file: string,
  stdin: AsyncIterable<Uint8Array | string>,
): Promise<readonly string[]> {
  const text = file === '-' ? await readAll(stdin) : await read(file);
  return text.split(/\r?\n/).flatMap((line, index) => {
    const address = line.replace(/(?:^|\s)#.*$/, '').trim();
    if (address === '') return [];
    if (/\s|,/.test(address))
      throw usageError(
        `${file}:${index + 1}: ${JSON.stringify(address)} is more than one address: write one a line`,
      );
    return [address];
  });
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw usageError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function readAll(stream: AsyncIterable<Uint8Array | string>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
