import { SERVER_NAMES } from '../catalogue/identify-server.js';
import { LlamaCppClient } from '../client/llama-client.js';
import type { NewTarget } from '../config/init-template.js';
import type { Provider } from '../config/schema.js';
import { LlamactlError } from '../errors/llamactl-error.js';
import { checkHealth, type HealthReport } from './health.js';

/** Where servers of models are found on people's machines: llama-server now and soon, Ollama, LM Studio, vLLM. */
const USUAL_PORTS = [8080, 9931, 11_434, 1234, 8000];
/** Milliseconds: loopback answers at once or not at all. */
const PATIENCE = 1500;

/** A server that answered. */
export interface Discovered extends Omit<NewTarget, 'name' | 'key'> {
  readonly needsKey: boolean;
}

/** Looks for servers on this machine, or at one address; wakes and loads nothing. */
export async function discover(url: string | null, signal: AbortSignal): Promise<Discovered[]> {
  const urls = url === null ? USUAL_PORTS.map((port) => `http://localhost:${port}`) : [url];
  const found = await Promise.all(urls.map((each) => lookAt(each, signal)));
  return found.filter((each) => each !== null);
}

async function lookAt(baseUrl: string, signal: AbortSignal): Promise<Discovered | null> {
  const client = new LlamaCppClient({ baseUrl, timeout: PATIENCE, maxRetries: 0, fallback: false, signal });
  try {
    const { report } = await checkHealth(client, signal, PATIENCE);
    const provider = providerOf(report);
    if (provider === null) return null;
    const base = { provider, baseUrl: client.baseUrl, models: [], contextWindow: null };
    const name = SERVER_NAMES[report.server.kind ?? 'unknown'];
    if (report.status === 'unauthorized')
      return { ...base, remark: `${name}; needs an API key`, needsKey: true };
    if (provider !== 'llama-cpp' || !report.ready) return { ...base, remark: name, needsKey: false };
    return { ...base, ...(await factsOf(client, signal, name)), needsKey: false };
  } finally {
    await client.destroy();
  }
}

async function factsOf(
  client: LlamaCppClient,
  signal: AbortSignal,
  name: string,
): Promise<Pick<Discovered, 'remark' | 'models' | 'contextWindow'>> {
  const call = { signal, timeout: PATIENCE, retries: 0 };
  try {
    const [props, models] = await Promise.all([client.props(call), client.models(call)]);
    const tokens = props.default_generation_settings?.n_ctx || models[0]?.contextPerSlot || null;
    const slots = props.total_slots;
    const told = [
      [name, props.build_info].filter(Boolean).join(' '),
      ...(tokens === null
        ? []
        : [`${slots === 1 || !slots ? '' : `${slots} slots of `}${tokens.toLocaleString('en-US')} tokens`]),
    ];
    return { remark: told.join(', '), models: models.map(({ id }) => id), contextWindow: tokens };
  } catch (error) {
    if (!(error instanceof LlamactlError) || error.type === 'INTERRUPTED') throw error;
    return { remark: name, models: [], contextWindow: null };
  }
}

/** Null where nothing answers, or nothing that speaks of models. */
function providerOf({ status, server }: HealthReport): Provider | null {
  switch (server.kind) {
    case 'llama.cpp':
    case 'llama-swap':
      return 'llama-cpp';
    case 'ollama':
      return 'ollama';
    case 'lm-studio':
    case 'vllm':
    case 'localai':
      return 'openai-compatible';
    default:
      return status === 'unauthorized' ? 'llama-cpp' : null;
  }
}
