/** Headers that HTTP itself sets, and those that llamactl has keys for. */
const RESERVED: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What tells who asks, and is no secret. */
const OPEN =
  /^(?:http-referer|referer|user-agent|x-title|x-openrouter-(?:title|categories)|accept(?:-language)?)$/i;

/** Why a header of this name cannot be configured; null where it can. */
export function headerNameProblem(name: string): string | null {
  if (!/^[!#$%&'*+.^`|~\w-]+$/.test(name)) return `${JSON.stringify(name)} is no name of a header`;
  const lower = name.toLowerCase();
  if (lower === 'authorization') return 'Authorization is made of apiKey or basicAuth';
  return RESERVED.has(lower) ? `${name} is set by llamactl itself` : null;
}

/** Whether a header can carry a value: a line break would begin another one. */
export function isHeaderValue(value: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}

/** Whether a header's value may be shown. */
export function isOpenHeader(name: string): boolean {
  return OPEN.test(name);
}

/** `Authorization` of a login, as RFC 7617 has it. */
export function basicAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}
