import type { LlamaCppClient } from '../client/llama-client.js';
import { kindOf } from '../client/providers/kinds.js';
import type { ModelInfo } from '../client/types.js';
import type { Complaint } from '../config/problem.js';
import type { ResolvedTarget } from '../config/resolve.js';
import { nearest } from '../errors/nearest.js';
import { askWindow, chosenModel, windowOf } from './window.js';

/** A target of another kind than llama.cpp's, its client, and where complaints about it go. */
export interface HeldKind {
  readonly target: ResolvedTarget;
  readonly client: LlamaCppClient;
  readonly at: (
    field: readonly PropertyKey[],
    complaint: Pick<Complaint, 'severity' | 'code' | 'message' | 'suggestion'>,
  ) => Complaint;
}

/** Holds such a target against its server: reachable, of that kind, key right, models there, context as supposed. Loads nothing. */
export async function holdOtherKind(
  { target, client, at }: HeldKind,
  call: { readonly signal: AbortSignal; readonly timeout: number; readonly retries: number },
): Promise<Complaint[]> {
  const { provider, contextWindow, origins } = target;
  const kind = kindOf(provider);
  const list = await kind.discover(client, call);
  const complaints = missing(target, list, at);
  if (contextWindow === null || origins['contextWindow'] === undefined) return complaints;
  const model = chosenModel(list, target.model ?? null);
  const window = await askWindow(client, provider, model, call);
  const given = windowOf(window);
  if (given === null || contextWindow <= given.tokens) return complaints;
  const isOwn = origins['contextWindow'] === origins['performance.nCtx'];
  return [
    ...complaints,
    at(isOwn ? ['performance', 'nCtx'] : ['contextWindow'], {
      severity: given.isSure ? 'error' : 'warning',
      code: 'context.slot-too-small',
      message: `${count(contextWindow)} tokens are supposed, and ${kind.title === 'OpenAI-compatible' ? 'the server' : kind.title} gives ${window.model} ${count(given.tokens)}${given.isSure ? '' : ' where nobody has set another'}`,
      suggestion:
        provider === 'ollama'
          ? `OLLAMA_CONTEXT_LENGTH=${contextWindow} ollama serve`
          : `write ${given.tokens}, or give the server a larger context`,
    }),
  ];
}

function missing(
  { models, provider }: ResolvedTarget,
  list: readonly ModelInfo[],
  at: HeldKind['at'],
): Complaint[] {
  const has = (name: string) => list.some(({ id, aliases }) => id === name || aliases.includes(name));
  const names = list.map(({ id }) => id);
  return models.flatMap((name, index) => {
    if (has(name)) return [];
    const near = nearest(name, names);
    return [
      at(['models', index], {
        // A gateway may pass on more names than it lists.
        severity: provider === 'openai-compatible' ? 'warning' : 'error',
        code: 'model.not-found',
        message: `the server has no model "${name}"${near === null ? '' : `, did you mean "${near}"?`}`,
        suggestion:
          provider === 'ollama'
            ? `ollama pull ${name}`
            : `it has: ${names.length <= 8 ? names.join(', ') || 'none' : `${names.slice(0, 7).join(', ')} …`}`,
      }),
    ];
  });
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
