/**
 * The text of a configuration, without a byte order mark.
 * @throws Error where it is no UTF-8: a key or a name would be another one otherwise
 */
export function decodeConfig(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    throw new Error('it is UTF-16, as Windows PowerShell writes it: save it as UTF-8');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error('it is no UTF-8 text');
  }
}
