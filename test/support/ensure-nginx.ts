import { aptInstall } from './apt.js';
import { hasNginx } from './nginx.js';

/** Debian's smallest; it needs no modules. */
const PACKAGE = 'nginx-light';

/**
 * Has nginx installed, which stands before servers in test/faults, where that can be done unasked: by root, with apt-get.
 * @returns what there is to say
 * @throws Error in CI, where it is still missing: nothing is skipped there, and a laptop's scenarios fail and say why
 */
export function ensureNginx(): string {
  if (hasNginx()) return 'nginx';
  if (aptInstall(PACKAGE) && hasNginx()) return `nginx, installed now (${PACKAGE})`;
  const missing = `nginx is not here, and the scenarios behind it fail: apt-get install ${PACKAGE}, or brew install nginx`;
  if (process.env['CI']) throw new Error(missing);
  return `✗ ${missing}`;
}
