/** Paths that wake a sleeping server; `/health`, `/props`, `/models` and `/metrics` do not (measured). */
export const WAKING = /\/(?:slots|lora-adapters)(?:\?|$)/;

/** Where the server's health is. */
export function healthPath(prefix: string): string {
  return `${prefix}/health`;
}

/** What a command asks of this machine by HTTP; null where it asks nothing. */
export function urlIn(
  command: string,
): { readonly port: number | null; readonly path: string; readonly withKey: boolean } | null {
  const [, scheme, port, path] =
    /(https?):\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::([\w${}]+))?(\/[^\s"'|;&>]*)?/.exec(
      command,
    ) ?? [];
  if (scheme === undefined) return null;
  const number = port === undefined ? (scheme === 'https' ? 443 : 80) : Number(port);
  return {
    port: Number.isNaN(number) ? null : number,
    path: path ?? '/',
    withKey: /authorization|bearer|x-api-key|-K |--config|-u /i.test(command),
  };
}
