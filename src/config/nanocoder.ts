import { SECTION_NAMES, SECTIONS } from './form.js';
import { headerNameProblem, isHeaderValue } from './headers.js';
import type { NanocoderFile, NanocoderProvider } from './nanocoder-schema.js';
import type { ConfigFile, Provider, Target } from './schema.js';

/** Twenty-four hours: what `-1` (no deadline) becomes. */
const NO_DEADLINE = 86_400_000;

/** A configuration in our form, and where each of its values stood in the other. */
export interface Converted {
  readonly config: ConfigFile;
  /** A path in our form → its path in the file; null for what the file does not have. */
  readonly pathInFile: (path: readonly PropertyKey[]) => readonly PropertyKey[] | null;
  /** Targets to which nanocoder sends tools with every request, as it does unless told not to. */
  readonly withTools: ReadonlySet<string>;
}

interface Place {
  readonly at: readonly PropertyKey[];
  /** Our field → nanocoder's. */
  readonly fields: Readonly<Record<string, readonly PropertyKey[]>>;
}

/** A nanocoder file in our form. The first llama.cpp provider is the default, else the first of all. */
export function fromNanocoder(file: NanocoderFile): Converted {
  const targets = new Map<string, Target>();
  const places = new Map<string, Place>();
  const withTools = new Set<string>();
  for (const key of SECTION_NAMES) {
    const section = file.nanocoder?.[key];
    if (section === undefined) continue;
    const known = SECTIONS[key];
    const { baseUrl = known.baseUrl, apiKey, models, timeout, maxRetries, sampling, performance } = section;
    const fields = { models, timeout, maxRetries, sampling, performance };
    targets.set(known.name, {
      provider: known.provider,
      baseUrl,
      // The specification's example leaves the key empty where there is none.
      ...(apiKey ? { apiKey } : {}),
      ...defined(fields),
    });
    withTools.add(known.name);
    places.set(known.name, { at: ['nanocoder', key], fields: {} });
  }
  const lists = [
    { list: file.nanocoder?.providers, at: ['nanocoder', 'providers'] },
    { list: file.providers, at: ['providers'] },
  ];
  const kept: { name: string; default?: boolean | undefined; fallback?: number | undefined }[] = [];
  for (const { list = [], at } of lists) {
    for (const [index, provider] of list.entries()) {
      const { target, fields } = fromProvider(provider);
      targets.set(provider.name, target);
      if (sendsTools(provider)) withTools.add(provider.name);
      places.set(provider.name, { at: [...at, index], fields });
      kept.push({ ...provider['x-llamactl'], name: provider.name });
    }
  }
  const names = [...targets.keys()];
  const first =
    kept.find((each) => each.default === true)?.name ??
    names.find((name) => targets.get(name)?.provider === 'llama-cpp') ??
    names[0];
  const fallback = kept
    .filter((each) => each.fallback !== undefined)
    .sort((a, b) => (a.fallback ?? 0) - (b.fallback ?? 0))
    .map(({ name }) => name);
  return {
    config: {
      targets: Object.fromEntries(targets),
      ...(first === undefined ? {} : { default: first }),
      ...(fallback.length === 0 ? {} : { fallback }),
    },
    withTools,
    pathInFile: ([root, name, ...rest]) => {
      const place = root === 'targets' ? places.get(String(name)) : undefined;
      if (place === undefined) return null;
      const [field, ...deeper] = rest;
      if (field === undefined) return place.at;
      return [...place.at, ...(place.fields[String(field)] ?? [field]), ...deeper];
    },
  };
}

function sendsTools({ disableTools, disableToolModels, models }: NanocoderProvider): boolean {
  return disableTools !== true && !disableToolModels?.includes(models?.[0] ?? '');
}

function fromProvider(provider: NanocoderProvider): { target: Target; fields: Place['fields'] } {
  const { baseUrl, apiKey, models, maxRetries, requestTimeout, contextWindow, contextWindows, headers } =
    provider;
  const timeout = requestTimeout ?? provider.timeout;
  const [model] = models ?? [];
  const ofModel = model === undefined ? undefined : contextWindows?.[model];
  const { default: _, fallback: __, baseUrls, ...kept } = provider['x-llamactl'] ?? {};
  // The first of several stands where nanocoder looks for it, and is what counts.
  const several = baseUrls === undefined ? undefined : [baseUrl ?? baseUrls[0] ?? '', ...baseUrls.slice(1)];
  const target = {
    provider: providerOf(baseUrl),
    ...(apiKey ? { apiKey } : {}),
    ...(timeout === undefined ? {} : { timeout: timeout < 0 ? NO_DEADLINE : timeout }),
    ...defined(several === undefined ? { baseUrl } : { baseUrls: several }),
    ...defined({ models, maxRetries, contextWindow: ofModel ?? contextWindow, headers: sendable(headers) }),
    ...defined(kept),
  };
  const fields = {
    timeout: requestTimeout === undefined ? ['timeout'] : ['requestTimeout'],
    contextWindow: ofModel === undefined ? ['contextWindow'] : ['contextWindows', model ?? ''],
    ...(several === undefined ? {} : { baseUrls: ['x-llamactl', 'baseUrls'] }),
    ...Object.fromEntries(Object.keys(kept).map((key) => [key, ['x-llamactl', key]])),
  };
  return { target, fields };
}

/** nanocoder's headers without those that are none of a configuration's. */
function sendable(headers: NanocoderProvider['headers']): Target['headers'] {
  const entries = Object.entries(headers ?? {}).filter(
    ([name, value]) => headerNameProblem(name) === null && isHeaderValue(value),
  );
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** A provider's kind, as far as its URL tells; its name proves nothing. */
export function providerOf(baseUrl: string | undefined): Provider {
  if (baseUrl === undefined) return 'llama-cpp';
  if (/\bopenrouter\.ai\b/.test(baseUrl)) return 'openrouter';
  if (/:11434\b/.test(baseUrl)) return 'ollama';
  return /:(?:8080|9931)\b|^unix:/.test(baseUrl) ? 'llama-cpp' : 'openai-compatible';
}

/** Without what is undefined. */
function defined<T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const out: { [K in keyof T]?: NonNullable<T[K]> } = {};
  for (const key of Object.keys(fields) as (keyof T)[]) {
    const value = fields[key];
    if (value !== undefined && value !== null) out[key] = value as NonNullable<T[keyof T]>;
  }
  return out;
}
