import { type Check, passed, skipped } from '../check.js';
import type { Facts } from '../facts.js';
import { isOldBuild } from './context-overflow.js';

/** Which build it is, as far as it tells. */
export const versionBuild: Check = {
  id: 'version.build',
  title: 'which build it is',
  category: 'version',
  needs: ['server.identity'],
  asks: ['props', 'health'],
  run(facts) {
    const info = buildInfo(facts);
    if (info === null) return skipped('the server does not tell');
    const number = upstreamNumber(info);
    if (number === null) return skipped(`${info} tells nothing: it was not built in a whole git checkout`);
    const [, year] = YEARS.findLast(([from]) => number >= from) ?? [0, '2023'];
    // A build that does what later ones do has another counting than upstream's.
    const isCounted = year > '2025' || isOldBuild(facts) || facts.props.state !== 'known';
    return passed(isCounted ? `${info}, of about ${year}` : info);
  },
};

/** The first build number of each year, roughly. */
const YEARS: readonly (readonly [from: number, year: string])[] = [
  [0, '2023'],
  [1770, '2024'],
  [4400, '2025'],
  [7600, '2026 or later'],
];

/** Under it a number counts the commits of a checkout that was cut short, and not upstream's. */
const SMALLEST_NUMBER = 1000;

function buildInfo({ props, health }: Facts): string | null {
  const told = props.state === 'known' ? props.value.build_info : null;
  return told ?? (health.state === 'known' ? health.value.build : null);
}

/** `b11434-b0a2feb6` → 11434; null for `b0-unknown` and `b1-abcdef0`. */
function upstreamNumber(info: string): number | null {
  const number = Number(/^b(\d+)(?:-|$)/.exec(info)?.[1] ?? 0);
  return number >= SMALLEST_NUMBER ? number : null;
}
