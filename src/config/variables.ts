import { LlamactlError } from '../errors/llamactl-error.js';

/**
 * Puts `$VAR`, `${VAR}` and `${VAR:-default}` into a text. `$$` is a dollar.
 * @param where names the place in the error: `llamactl.config.json:7 targets.local.apiKey`
 * @throws LlamactlError (config.invalid) for a variable that is not set and has no default
 */
export function substitute(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
  where: string,
): string {
  return text.replace(
    /\$\$|\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}|\$([A-Za-z_]\w*)/g,
    (found, braced?: string, fallback?: string, bare?: string) => {
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
    },
  );
}
