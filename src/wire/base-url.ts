/** A base URL, or why it is none. */
export type BaseUrl =
  | { readonly ok: true; readonly baseUrl: string }
  | { readonly ok: false; readonly reason: string };

/**
 * Reads the address of a server. `localhost:8080` is taken as http, a port alone as one of this machine; a trailing slash, `/v1` and the query are what people
 * paste from examples: slash and `/v1` are taken off, a path prefix (`--api-prefix`) is kept.
 * @returns the normalised URL without a trailing slash, or what is wrong with the text
 */
export function parseBaseUrl(text: string): BaseUrl {
  const port = /^:?(\d{1,5})$/.exec(text.trim())?.[1];
  const given = port === undefined ? text.trim() : `localhost:${port}`;
  if (given === '') return bad('it is empty');
  if (/\p{Cc}/u.test(given) || /\s/.test(given)) return bad('it contains spaces or control characters');
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(given) && !/^https?:\/\//i.test(given)) {
    return bad(
      `"${given.slice(0, given.indexOf(':'))}" is not a scheme of a llama-server: use http or https`,
    );
  }
  // A URL's host of digits alone is an IPv4 address: 8080 would be 0.0.31.144.
  if (/^:?\d{1,5}$/.test(given)) return bad(`it is a port alone: write localhost:${given.replace(':', '')}`);
  const withScheme = /^https?:\/\//i.test(given) ? given : `http://${given}`;
  if (!URL.canParse(withScheme)) return bad('it is not a URL');
  const url = new URL(withScheme);
  const looksLikeHost = url.hostname === 'localhost' || /[.:\]]/.test(url.hostname) || url.port !== '';
  if (withScheme !== given && !looksLikeHost) return bad('it is not a URL: write http://HOST:PORT');
  if (url.username !== '' || url.password !== '')
    return bad('it carries a user name or password: give the key with --api-key');
  if (url.search !== '' || url.hash !== '')
    return bad('it has a query or a fragment: give the address of the server alone');
  const path = url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '').replace(/\/+$/, '');
  return { ok: true, baseUrl: `${url.origin}${path}` };
}

/** A URL that somebody gave, for an error about it: without the user name and password that may be in it. */
export function withoutUserInformation(url: string): string {
  return url.replace(/^((?:[a-z][a-z0-9+.-]*:\/\/)?)[\s\S]*@/i, '$1***@');
}

function bad(reason: string): BaseUrl {
  return { ok: false, reason };
}
