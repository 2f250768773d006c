import type { RemedyContext } from '../catalogue/entry.js';
import { errorOf } from '../catalogue/to-error.js';
import type { CatalogueCode } from '../errors/codes.js';
import type { LlamactlError } from '../errors/llamactl-error.js';
import { createRedactor } from '../errors/redact.js';
import type { ServerExit } from './run.js';

/** Lines shown where the catalogue recognises nothing. */
const LAST_LINES = 5;

/** llama-server's two ways to name the option it does not take. */
const BAD_FLAG = /invalid argument: (\S+)|handling argument "([^"]+)"/;

/**
 * Why a llama-server of ours ended, as an error with what to do: the catalogue reads its log, and where that tells nothing the
 * way it ended does.
 * @param log its output
 * @param moment what it was at, for the message: `did not start`, `died`
 * @param context what is known of it, for the remedies
 */
export async function explainExit(
  exit: ServerExit,
  log: readonly string[],
  moment: string,
  context: RemedyContext,
): Promise<LlamactlError> {
  const [{ matchText }, { entryOf }] = await Promise.all([
    import('../catalogue/match-text.js'),
    import('../catalogue/entries.js'),
  ]);
  const [cause] = await matchText(log);
  const code = cause?.code ?? codeOfExit(exit);
  const entry = entryOf(code);
  const how = describeExit(exit);
  const flag = log.map((line) => BAD_FLAG.exec(line)).find((found) => found !== null);
  const flagName = flag?.[1] ?? flag?.[2];
  return errorOf(
    {
      type: entry.type,
      code,
      message: `llama-server ${moment}: ${nameOf(code, flagName) ?? entry.title}`,
      evidence:
        cause === undefined
          ? [how, ...log.filter((line) => line.trim() !== '').slice(-LAST_LINES)]
          : [...new Set(cause.evidence.map(({ text }) => text)), how],
      details: {
        exitCode: exit.code,
        signal: exit.signal,
        ...(flagName === undefined ? {} : { flag: flagName }),
      },
    },
    { ...context, redact: createRedactor([]) },
    exit.error ?? undefined,
  );
}

/** The title with the actual option in it. */
function nameOf(code: CatalogueCode, flag: string | undefined): string | null {
  return code === 'server.bad-argument' && flag !== undefined ? `it does not accept ${flag}` : null;
}

/** What the end alone tells, where the program had no time to say more. */
function codeOfExit({ code, signal, error }: ServerExit): CatalogueCode {
  if (signal === 'SIGILL' || code === 132) return 'server.illegal-instruction';
  // The dynamic linker's exit code; and the kernel's, where the program's own interpreter is missing.
  if (code === 127 || (error !== null && 'code' in error && error.code === 'ENOENT'))
    return 'server.missing-library';
  return 'server.crashed';
}

function describeExit({ code, signal, error }: ServerExit): string {
  if (error !== null) return `it could not be started: ${error.message}`;
  return signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`;
}
