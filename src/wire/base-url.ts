/** A base URL, or why it is none. */
export type BaseUrl =
  | { readonly ok: true; readonly baseUrl: string }
  | { readonly ok: false; readonly reason: string };

/** What HTTP makes of a base URL. */
export interface Endpoint {
  /** `http://localhost` for a socket. */
  readonly origin: string;
  /** Path before every request's own, without a trailing slash. */
  readonly prefix: string;
  /** The unix socket to connect to; null for TCP. */
  readonly socketPath: string | null;
}

/**
 * Reads the address of a server. `localhost:8080` is taken as http, a port alone as one of this machine; a trailing slash,
 * `/v1` and the query are what people paste from examples: slash and `/v1` are taken off, a path prefix (`--api-prefix`) is
 * kept, and so is a doubled `/v1`, which other clients would be answered 404 for: `diagnose` tells it. `unix:/run/llama.sock` is a unix socket.
 * @returns the normalised URL without a trailing slash, or what is wrong with the text
 */
export function parseBaseUrl(text: string): BaseUrl {
  // A URL's host of digits alone is an IPv4 address: 8080 would be 0.0.31.144.
  const port = /^:?(\d{1,5})$/.exec(text.trim())?.[1];
  const given = port === undefined ? text.trim() : `localhost:${port}`;
  if (given === '') return bad('it is empty');
  if (/\p{Cc}/u.test(given) || /\s/.test(given)) return bad('it contains spaces or control characters');
  if (/^unix:/i.test(given)) return parseSocket(given.slice('unix:'.length));
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(given) && !/^https?:\/\//i.test(given)) {
    return bad(
      `"${given.slice(0, given.indexOf(':'))}" is not a scheme of a llama-server: use http or https`,
    );
  }
  const withScheme = /^https?:\/\//i.test(given) ? given : `http://${given}`;
  if (!URL.canParse(withScheme)) {
    if (/\/\/\[[^\]]*%/.test(withScheme))
      return bad('an IPv6 address with a zone (%eth0) cannot be in a URL: use a name or another address');
    return /^[^/@[\]]*:[\da-f]*:[\da-f:.%]*$/i.test(withScheme.slice(withScheme.indexOf('//') + 2))
      ? bad('an IPv6 address stands in brackets: http://[::1]:8080')
      : bad('it is not a URL');
  }
  const url = new URL(withScheme);
  if (url.port === '0') return bad('port 0 is none that can be connected to');
  const looksLikeHost = url.hostname === 'localhost' || /[.:\]]/.test(url.hostname) || url.port !== '';
  if (withScheme !== given && !looksLikeHost) return bad('it is not a URL: write http://HOST:PORT');
  if (url.username !== '' || url.password !== '')
    return bad(
      "it carries a user name or password: give a key with --api-key, a proxy's login as basicAuth (LLAMACTL_BASIC_AUTH)",
    );
  if (url.search !== '' || url.hash !== '')
    return bad('it has a query or a fragment: give the address of the server alone');
  const path = url.pathname.replace(/\/+$/, '').replace(/(?<!\/v1\/*)\/+v1$/, '');
  return { ok: true, baseUrl: `${url.origin}${path}` };
}

/** @param baseUrl as {@link parseBaseUrl} normalised it */
export function endpointOf(baseUrl: string): Endpoint {
  if (baseUrl.startsWith('unix:'))
    return { origin: 'http://localhost', prefix: '', socketPath: baseUrl.slice('unix:'.length) };
  const { origin, pathname } = new URL(baseUrl);
  return { origin, prefix: pathname === '/' ? '' : pathname, socketPath: null };
}

/** What is asked for at an endpoint. @param path with its query */
export function urlAt({ origin, prefix }: Endpoint, path: string): string {
  return `${origin}${prefix}${path}`;
}

/** A URL of an endpoint for people: behind a unix socket `unix:/run/llama.sock:/health`. */
export function shownUrl({ origin, socketPath }: Endpoint, url: string): string {
  return socketPath === null ? url : `unix:${socketPath}:${url.slice(origin.length)}`;
}

/** Who is asked, as people name it: `localhost:8080`, `unix:/run/llama.sock`. */
export function hostOf(url: string): string {
  return url.startsWith('unix:') ? url.replace(/^(unix:.+?):\/.*$/, '$1') : new URL(url).host;
}

/** Whether two addresses, as somebody wrote them, are the same server's. */
export function sameServer(one: string, other: string): boolean {
  const [a, b] = [parseBaseUrl(one), parseBaseUrl(other)].map((parsed) =>
    parsed.ok ? endpointOf(parsed.baseUrl) : null,
  );
  return a != null && b != null && a.origin === b.origin && a.socketPath === b.socketPath;
}

/** `/run/llama.sock` or `///run/llama.sock`. */
function parseSocket(text: string): BaseUrl {
  const path = text.replace(/^\/\/(?=\/)/, '').replace(/(?<=.)\/+$/, '');
  if (!path.startsWith('/')) return bad('a unix socket is named by its whole path: unix:/run/llama.sock');
  if (path.includes(':/')) return bad('a unix socket has no path behind its own');
  return { ok: true, baseUrl: `unix:${path}` };
}

/** A URL that somebody gave, for an error about it: without the user name and password that may be in it. */
export function withoutUserInformation(url: string): string {
  return url.replace(/^((?:[a-z][a-z0-9+.-]*:\/\/)?)[\s\S]*@/i, '$1***@');
}

function bad(reason: string): BaseUrl {
  return { ok: false, reason };
}
