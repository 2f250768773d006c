import { type CannedServer, cannedServer, LLAMA_HEADERS } from '../support/canned-server.js';

/** Answers like those of a llama-server under some load, as many as wanted in one process: for pictures of many servers. */
export async function simulatedFleet(size: number): Promise<readonly CannedServer[]> {
  return Promise.all(Array.from({ length: size }, (_, index) => simulatedServer(index)));
}

const MODELS = ['qwen3-32b-Q4_K_M', 'gemma-3-27b-Q5_K_M', 'mistral-small-Q6_K', 'nomic-embed-F16'];

function simulatedServer(index: number): Promise<CannedServer> {
  const started = Date.now() - 60_000 * (7 + index * 31);
  const size = [4, 2, 8, 1][index % 4] ?? 4;
  const context = [8192, 32_768, 4096, 2048][index % 4] ?? 8192;
  const perSecond = 20 + ((index * 17) % 60);
  const kind = index % 11;
  const asleep = kind === 4;
  const loading = kind === 8;
  const seconds = () => (Date.now() - started) / 1000;
  /** Requests come in waves, so that bars have a shape. */
  const busyNow = () => {
    if (kind === 2) return 0;
    const wave = Math.sin(seconds() / (5 + (index % 7)) + index) + Math.sin(seconds() / 3 + index * 2);
    return Math.max(0, Math.min(size, Math.round((wave / 2 + 0.55) * size)));
  };
  const generated = (slot: number) => Math.floor(((seconds() + slot * 7) % 40) * perSecond);
  const slots = () =>
    Array.from({ length: size }, (_, id) => {
      const isBusy = id < busyNow();
      const isPrompt = isBusy && generated(id) < perSecond * 3;
      const held = Math.min(context, 400 + id * 900 + generated(id));
      return {
        id,
        n_ctx: context,
        is_processing: isBusy,
        id_task: Math.floor((seconds() + id * 7) / 40) * 10 + id,
        n_prompt_tokens: isBusy ? held : 300 + id * 100,
        n_prompt_tokens_processed: isBusy
          ? Math.min(400 + id * 900, Math.floor(((seconds() + id * 7) % 40) * 800))
          : 0,
        n_prompt_tokens_cache: 120,
        next_token: [{ n_decoded: isBusy && !isPrompt ? generated(id) : 0 }],
      };
    });
  const metrics = () => {
    const total = Math.floor(seconds() / 40) * 40 * perSecond * size;
    const values: Record<string, number> = {
      prompt_tokens_total: Math.floor(total / 3),
      prompt_tokens_cached_total: Math.floor(total / (2 + (index % 4))),
      tokens_predicted_total: total,
      requests_processing: busyNow(),
      requests_deferred: kind === 6 && busyNow() >= size ? 2 + (index % 5) : 0,
    };
    return Object.entries(values)
      .map(([name, value]) => `llamacpp:${name} ${value}\n`)
      .join('');
  };
  const unavailable = {
    status: 503,
    body: { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } },
  };
  const json = (body: () => unknown) =>
    loading
      ? unavailable
      : (_: unknown, response: import('node:http').ServerResponse) => {
          response
            .writeHead(200, { 'content-type': 'application/json', ...LLAMA_HEADERS })
            .end(JSON.stringify(body()));
        };
  return cannedServer(
    {
      'GET /health': json(() => ({ status: 'ok' })),
      'GET /props': json(() => ({
        total_slots: size,
        build_info: 'b11434',
        is_sleeping: asleep,
        endpoint_slots: true,
        endpoint_metrics: kind !== 9,
      })),
      'GET /v1/models': json(() => ({
        data: [{ id: MODELS[index % MODELS.length], architecture: { input_modalities: ['text'] } }],
      })),
      'GET /slots': json(slots),
      'GET /metrics': loading
        ? unavailable
        : (_, response) => void response.writeHead(200, LLAMA_HEADERS).end(metrics()),
    },
    LLAMA_HEADERS,
  );
}
