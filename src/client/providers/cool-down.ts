/** Milliseconds that a provider which failed is tried last. */
export const COOL_DOWN = 30_000;

/** Remembers which servers failed lately, so that not every request waits for the same one to fail again. */
export class CoolDown {
  readonly #failedAt = new Map<string, number>();
  readonly #now: () => number;

  /** @param now milliseconds on a clock that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  failed(url: string): void {
    this.#failedAt.set(url, this.#now());
  }

  worked(url: string): void {
    this.#failedAt.delete(url);
  }

  /** Milliseconds until it is tried in its turn again; 0 where it may be. */
  left(url: string): number {
    const failedAt = this.#failedAt.get(url);
    return failedAt === undefined ? 0 : Math.max(0, failedAt + COOL_DOWN - this.#now());
  }
}
