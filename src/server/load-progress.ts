/** How far a starting server is, as its log tells it. */
export interface LoadProgress {
  readonly stage: 'starting' | 'downloading' | 'loading' | 'warming-up';
  /** 0 … 100; null where the log shows none (builds since 2026 print no dots). */
  readonly percent: number | null;
}

const STAGES: readonly (readonly [RegExp, LoadProgress['stage']])[] = [
  [/\bdownload(ing|_file)\b/i, 'downloading'],
  [/\bload_model: loading model\b|main: loading model|llama_model_loader: loaded meta data/, 'loading'],
  [/\bwarming up the model\b/, 'warming-up'],
];

/** `Downloading model.gguf ────── 64%`, redrawn in place. */
const DOWNLOAD_PERCENT = /\bDownloading .*?(\d{1,3})%/;

/** llama.cpp prints one dot for each percent of the weights, on a line of their own that stays open until the end. */
const DOTS = /^\.{1,101}$/;

/** Reads a server's output as it comes, in pieces that need not be lines. */
export class LoadProgressReader {
  #line = '';
  #state: LoadProgress = { stage: 'starting', percent: null };

  get state(): LoadProgress {
    return this.#state;
  }

  push(chunk: string): LoadProgress {
    const lines = (this.#line + chunk).split(/[\r\n]+/);
    for (const line of lines) this.#read(line);
    this.#line = (lines.at(-1) ?? '').slice(-1024);
    return this.#state;
  }

  #read(line: string): void {
    if (DOTS.test(line)) {
      this.#state = { stage: 'loading', percent: Math.min(100, line.length) };
      return;
    }
    const downloaded = DOWNLOAD_PERCENT.exec(line)?.[1];
    if (downloaded !== undefined) {
      this.#state = { stage: 'downloading', percent: Number(downloaded) };
      return;
    }
    const stage = STAGES.find(([pattern]) => pattern.test(line))?.[1];
    if (stage !== undefined && stage !== this.#state.stage) this.#state = { stage, percent: null };
  }
}
