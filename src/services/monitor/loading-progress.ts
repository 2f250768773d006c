import type { LlamaCppClient } from '../../client/llama-client.js';

/** How far a router's models are loaded. It is listened to only while one loads, since that holds a thread of the router. */
export class LoadingProgress {
  readonly #client: LlamaCppClient;
  readonly #parts = new Map<string, number>();
  #stop: (() => void) | null = null;

  constructor(client: LlamaCppClient) {
    this.#client = client;
  }

  /** Loaded part of a model, 0 to 1; null where the router has not told. */
  of(model: string): number | null {
    return this.#parts.get(model) ?? null;
  }

  /** @param loading the models that load now; with none, nobody listens */
  watch(loading: readonly string[]): void {
    for (const model of this.#parts.keys()) if (!loading.includes(model)) this.#parts.delete(model);
    if (loading.length === 0) {
      this.#stop?.();
      this.#stop = null;
      return;
    }
    this.#stop ??= this.#client.routerEvents(
      ({ model, data: { progress } }) => {
        if (progress == null) return;
        // Each stage (the model, then its projector) counts from 0 to 1.
        const stage = Math.max(0, progress.stages.indexOf(progress.current));
        this.#parts.set(model, (stage + progress.value) / Math.max(1, progress.stages.length));
      },
      () => {
        this.#stop = null;
      },
    );
  }
}
