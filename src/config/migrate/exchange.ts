import { hasVariable } from '../variables.js';

export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** Our bounds (schema.ts), which nanocoder has not. */
export const TIMEOUT: Bounds = { min: 1000, max: 300_000 };
export const RETRIES: Bounds = { min: 0, max: 10 };

/** A number of nanocoder's within our bounds; −1 is no deadline. */
export function clamp(value: number, { min, max }: Bounds): number {
  return value < 0 ? max : Math.min(max, Math.max(min, value));
}

/** nanocoder takes an address as it stands; llamactl adds `/v1`. What a variable ends with cannot be seen. */
export function withoutVersion(url: string): string {
  return hasVariable(url) ? url : url.replace(/\/v1\/*$/, '');
}

export function withVersion(url: string): string {
  if (hasVariable(url) || url.startsWith('unix:') || /\/v1\/*$/.test(url)) return url;
  return `${url.replace(/\/+$/, '')}/v1`;
}
