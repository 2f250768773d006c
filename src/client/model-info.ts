import type { ModelEntry } from '../wire/models.js';
import type { Props } from '../wire/props.js';
import type { ContextSize, ModelInfo } from './types.js';

/** The specification's default, where no server tells. */
export const FALLBACK_CONTEXT_SIZE = 4096;

const ROUTER_STATUS: Readonly<Record<string, ModelInfo['status']>> = {
  loaded: 'ready',
  loading: 'loading',
  sleeping: 'asleep',
  unloaded: 'unloaded',
  downloading: 'downloading',
};

/** What a router, or llama-swap, says of a model, in our names. */
export function modelStatus(value: string): ModelInfo['status'] {
  return ROUTER_STATUS[value] ?? 'unknown';
}

/** A list's entry in our names. The status of a single server's model is its server's, which is not told here: `ready`. */
export function modelInfo(entry: ModelEntry): ModelInfo {
  const { meta, status } = entry;
  return {
    id: entry.id,
    aliases: (entry.aliases ?? []).filter((alias) => alias !== entry.id),
    parameters: meta?.n_params ?? null,
    sizeBytes: meta?.size ?? null,
    quantization: meta?.ftype || quantizationOfName(entry.id),
    contextPerSlot: meta?.n_ctx || null,
    contextTrained: meta?.n_ctx_train || null,
    status: status ? (status.failed ? 'failed' : modelStatus(status.value)) : 'ready',
    ...(status?.failed ? { failure: { exitCode: status.exit_code ?? null, args: status.args ?? [] } } : {}),
  };
}

/** A model that only the configuration names. */
export function configuredModel(id: string): ModelInfo {
  return {
    id,
    aliases: [],
    parameters: null,
    sizeBytes: null,
    quantization: quantizationOfName(id),
    contextPerSlot: null,
    contextTrained: null,
    status: 'unknown',
  };
}

/** `qwen3-4b-Q4_K_M.gguf` → `Q4_K_M`: builds before 2026 tell no file type. */
export function quantizationOfName(name: string): string | null {
  return (
    /(?:^|[-._:/])((?:I?Q\d(?:_[A-Z0-9]+)*|BF16|F16|F32|MXFP4)(?:_[A-Z]+)?)(?=$|[-._])/i
      .exec(name)?.[1]
      ?.toUpperCase() ?? null
  );
}

/**
 * How many tokens one request may hold. The slot's own size comes first: `-c 8192 -np 4` leaves 2,048 to each, whatever the
 * model was trained for (facts: "Models, context, props").
 */
export function contextSizeOf(props: Props | null, model: ModelInfo | undefined): ContextSize {
  const slot = props?.default_generation_settings?.n_ctx;
  if (slot) return { tokens: slot, source: 'slot' };
  if (model?.contextPerSlot) return { tokens: model.contextPerSlot, source: 'model' };
  return { tokens: FALLBACK_CONTEXT_SIZE, source: 'fallback' };
}

/** Whether the chat template takes tool calls and their results; null where the build does not tell. */
export function takesToolMessages(props: Props | null): boolean | null {
  const caps = props?.chat_template_caps;
  const told = caps?.['supports_tool_calls'] ?? caps?.['supports_tools'];
  if (told !== undefined) return told;
  const template = props?.chat_template;
  // Builds of 2025 tell no abilities, but show the template: one that knows the role compares with its name.
  return template ? /["']tool["']|tool_calls|ipython/.test(template) : null;
}
