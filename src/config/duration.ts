import { usageError } from '../errors/llamactl-error.js';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
/** The longest that a timer of Node takes. */
const LONGEST = 2 ** 31 - 1;

/**
 * `500ms`, `30s`, `2m`, `1h30m` → milliseconds.
 * @param what names the flag or variable in the error
 * @throws LlamactlError (usage) for anything else; a bare number too, since it could be seconds or milliseconds
 */
export function parseDuration(text: string, what = 'a duration'): number {
  const given = text.trim().toLowerCase();
  const parts = [...given.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  const whole = parts.map(([part]) => part).join('') === given && given !== '';
  if (!whole) {
    const hint = /^\d+(?:\.\d+)?$/.test(given)
      ? `write ${given}s for seconds or ${given}ms for milliseconds`
      : 'write 500ms, 30s, 2m or 1h30m';
    throw usageError(`${JSON.stringify(text)} is not ${what}: ${hint}`);
  }
  const ms = parts.reduce(
    (sum, [, number = '0', unit = 'ms']) => sum + Number(number) * (UNITS[unit] ?? 1),
    0,
  );
  if (ms <= 0 || ms > LONGEST)
    throw usageError(
      `${JSON.stringify(text)} is not ${what}: it must be more than nothing and less than 24 days`,
    );
  return Math.max(1, Math.round(ms));
}
