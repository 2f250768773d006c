/**
 * The forms that a configuration comes in: ours; nanocoder's `providers[]`; nanocoder's older section a provider; and the
 * bare list that `NANOCODER_PROVIDERS` may hold.
 */
export type Form = 'llamactl' | 'nanocoder' | 'nanocoder-old' | 'provider-list';

/** The older form's sections, each a provider. */
export const SECTIONS = {
  llamaCpp: { name: 'llama-cpp', provider: 'llama-cpp', baseUrl: 'http://localhost:8080' },
  ollama: { name: 'ollama', provider: 'ollama', baseUrl: 'http://localhost:11434' },
  openAICompatible: {
    name: 'openai-compatible',
    provider: 'openai-compatible',
    baseUrl: 'http://localhost:1234',
  },
  openRouter: { name: 'openrouter', provider: 'openrouter', baseUrl: 'https://openrouter.ai/api' },
} as const;
export type SectionName = keyof typeof SECTIONS;
export const SECTION_NAMES = Object.keys(SECTIONS) as readonly SectionName[];

/** What form a value has; where it does not tell, the file's name does. */
export function formOf(value: unknown, file: string): Form {
  if (Array.isArray(value)) return 'provider-list';
  if (typeof value === 'object' && value !== null && !('targets' in value)) {
    if ('nanocoder' in value || 'providers' in value)
      return hasSections(value) ? 'nanocoder-old' : 'nanocoder';
  }
  const isOurs = typeof value === 'object' && value !== null && 'targets' in value;
  return !isOurs && /(?:^|[\\/])agents\.config\.json$/.test(file) ? 'nanocoder' : 'llamactl';
}

export function isNanocoder(form: Form): boolean {
  return form !== 'llamactl';
}

function hasSections(value: object): boolean {
  const inner = 'nanocoder' in value ? value.nanocoder : null;
  return typeof inner === 'object' && inner !== null && SECTION_NAMES.some((name) => name in inner);
}
