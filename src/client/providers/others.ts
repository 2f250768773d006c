import { PROVIDER_TYPES, type ProviderType } from './provider.js';

/** Who may answer in place of the requested target. */
export interface FallbackRules {
  /** Names to try in turn. Default: every target that may have the prompt, in the specification's order of kinds. */
  readonly fallback?: readonly string[] | undefined;
  /**
   * Whether every target may have the prompt, those that `fallback` does not name and remote ones, these last. Default false:
   * naming a target in `fallback` is leave, listing it is not.
   */
  readonly allowRemote?: boolean | undefined;
}

export interface Others {
  /** Names, in the order in which they are tried. */
  readonly asked: readonly string[];
  /** Names of those that do not get the prompt. */
  readonly withheld: readonly string[];
}

/**
 * The targets that may answer in place of another.
 * @param first the requested one; null where it is none of the targets
 * @param kinds of all targets, by name
 * @param leaves whether a prompt for the requested target would leave the private network for this one
 */
export function othersFor(
  first: string | null,
  kinds: Readonly<Record<string, ProviderType>>,
  { fallback, allowRemote = false }: FallbackRules,
  leaves: (name: string) => boolean,
): Others {
  const rest = PROVIDER_TYPES.flatMap((type) => Object.keys(kinds).filter((name) => kinds[name] === type));
  const near = rest.filter((name) => !leaves(name));
  const unnamed = allowRemote ? [...near, ...rest] : fallback === undefined ? near : [];
  const asked = [...new Set([...(fallback ?? []), ...unnamed])].filter((name) => name !== first);
  return { asked, withheld: rest.filter((name) => name !== first && !asked.includes(name)) };
}
