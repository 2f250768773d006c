import { type Facts, type FailureFact, notAsked } from '../../src/diagnose/facts.js';

/** The facts of a healthy llama-server v0.6.0 on this machine, some of them otherwise. */
export function healthyFacts(changes: Partial<Facts> = {}): Facts {
  return {
    url: 'http://127.0.0.1:8080',
    program: 'llama.cpp',
    configured: {
      provider: 'llama-cpp',
      file: null,
      problems: [],
      urlOrigin: 'flag',
      model: null,
      modelOrigin: null,
      models: [],
      contextSize: null,
      contextSizeOrigin: null,
      keyGiven: false,
      keyOrigin: null,
      keyOddity: null,
      usesTools: null,
    },
    proxy: null,
    dns: known({ addresses: ['127.0.0.1'] }),
    tcp: known({ connectMs: 0.4, address: '127.0.0.1' }),
    tls: notAsked('the address is http://'),
    otherScheme: notAsked('the scheme is not in doubt'),
    health: known({ status: 'ready', kind: 'llama.cpp', build: 'b11434-abcdef0', responseTimeMs: 1.2 }),
    path: known({ url: 'http://127.0.0.1:8080', stranger: null }),
    moved: notAsked('something answers on the port'),
    endpoints: known({ embeddings: false, rerank: false }),
    props: known({
      default_generation_settings: { n_ctx: 2048 },
      total_slots: 4,
      model_path: '/srv/models/qwen.gguf',
      build_info: 'b11434-abcdef0',
      is_sleeping: false,
      endpoint_slots: true,
      endpoint_metrics: true,
      chat_template_caps: { supports_tool_calls: true, supports_system_role: true },
    }),
    keyless: notAsked('no key is given'),
    access: notAsked('/props tells it'),
    window: notAsked('/props tells it'),
    models: known([
      {
        id: 'qwen',
        aliases: [],
        parameters: 4e9,
        sizeBytes: 2.4e9,
        quantization: 'Q4_K_M',
        contextPerSlot: 2048,
        contextTrained: 40_960,
        status: 'ready',
      },
    ]),
    slots: known({ total: 4, busy: 0, progressed: null, reading: 0 }),
    otherSlots: notAsked('no other model is in the way'),
    metrics: known({
      decodeCalls: 10,
      requestsProcessing: 0,
      requestsDeferred: 0,
      promptTokensPerSecond: 312,
      tokensPerSecond: 38,
      cacheReuse: 0.7,
    }),
    template: known({ promptLength: 120, systemRole: null, tools: null }),
    generation: known({
      kind: 'chat',
      model: 'qwen',
      firstTokenMs: 41,
      tokens: 8,
      spreadMs: 180,
      bursts: 8,
      lagMs: 4,
      generatedMs: 200,
      promptTokensPerSecond: 300,
      tokensPerSecond: 40,
      reasoning: false,
    }),
    deep: { toolCall: notAsked('--deep asks it'), overflow: notAsked('--deep asks it') },
    local: known({
      holder: null,
      processes: [],
      memory: { totalBytes: 32e9, availableBytes: 20e9 },
      gpus: [],
      containers: [],
    }),
    ...changes,
  };
}

/** A fact that was asked for and answered. */
export function known<T>(value: T, durationMs = 1): { state: 'known'; value: T; durationMs: number } {
  return { state: 'known', value, durationMs };
}

/** A fact that was asked for in vain. */
export function failedFact(
  type: FailureFact['type'],
  code: FailureFact['code'],
  message: string,
  evidence: readonly string[] = ['GET /health → what was seen'],
): { state: 'failed'; error: FailureFact; durationMs: number } {
  const remedies = [{ text: 'Do this:', commands: ['llamactl health'] }];
  return { state: 'failed', error: { type, code, message, evidence, remedies }, durationMs: 2 };
}
