import { existsSync } from 'node:fs';
import { aptInstall } from './apt.js';

const PACKAGE = 'chromium';
const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** A Chromium or Chrome of this machine; null where there is none. */
export function chromiumPath(): string | null {
  return PLACES.find(existsSync) ?? null;
}

/**
 * Has Debian's Chromium installed, in which pages are opened, where that can be done unasked: by root, with apt-get (half a
 * minute).
 * @returns what there is to say
 * @throws Error in CI, where it is still missing
 */
export function ensureChromium(): string {
  const here = chromiumPath();
  if (here !== null) return here;
  if (aptInstall(PACKAGE) && chromiumPath() !== null) return `${PACKAGE}, installed now`;
  const missing = `no Chromium is here, so no page is opened in one: apt-get install ${PACKAGE}`;
  if (process.env['CI']) throw new Error(missing);
  return `! ${missing}`;
}
