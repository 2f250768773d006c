import { LlamactlError } from '../errors/llamactl-error.js';

export type Environment = Readonly<Record<string, string | undefined>>;

const VARIABLE = /\$\$|\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}|\$([A-Za-z_]\w*)/g;

/**
 * Puts `$VAR`, `${VAR}` and `${VAR:-default}` into a text. `$$` is a dollar.
 * @param where names the place in the error: `llamactl.config.json:7 targets.local.apiKey`
 * @throws LlamactlError (config.invalid) for a variable that is not set and has no default
 */
export function substitute(text: string, env: Environment, where: string): string {
  return text.replace(VARIABLE, (found, braced?: string, fallback?: string, bare?: string) => {
    if (found === '$$') return '$';
    const name = braced ?? bare ?? '';
    const value = env[name] || fallback;
    if (value !== undefined) return value;
    throw new LlamactlError({
      type: 'USAGE_ERROR',
      code: 'config.invalid',
      message: `${where}: the variable ${name} is not set`,
      remedies: [
        { text: 'Set it, or write a default:', commands: [`export ${name}=…`, `\${${name}:-default}`] },
      ],
    });
  });
}

/** The variables of a text that have no value and no default. */
export function unsetVariables(text: string, env: Environment): string[] {
  return [...text.matchAll(VARIABLE)].flatMap(([found, braced, fallback, bare]) => {
    const name = braced ?? bare;
    return found === '$$' || name === undefined || env[name] || fallback !== undefined ? [] : [name];
  });
}

/** Whether a text holds a variable. */
export function hasVariable(text: string): boolean {
  return [...text.matchAll(VARIABLE)].some(([found]) => found !== '$$');
}

/** The text with its variables in place; null where one is not set. */
export function substituted(text: string, env: Environment): string | null {
  return unsetVariables(text, env).length > 0 ? null : substitute(text, env, '');
}
