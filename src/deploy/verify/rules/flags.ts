import { checkFlags } from '../../server-flags/check.js';
import type { Path } from '../manifest.js';
import { advice, serverRule } from '../rule.js';
import type { Server } from '../server.js';

/** Arguments that llama-server of this image does not start with, by its own `--help`. */
export const flags = serverRule('flags', 'arguments that llama-server takes', (server) =>
  checkFlags(
    server.args.map(({ text }) => text),
    server.table,
  )
    // Of this one command.ts tells more.
    .filter(({ word }) => word !== '--server')
    .map(({ index, word, severity, message, instead }) => ({
      code: 'server.bad-argument',
      severity: isOlder(server) ? 'warning' : severity,
      title: `${word} ${message}`,
      ...(isOlder(server)
        ? {
            evidence: [
              `the image is of b${server.build}, which is older than the builds that are known, and may take it`,
            ],
          }
        : {}),
      remedies:
        instead === null
          ? advice('Leave it out.')
          : advice('Write instead:', ...asWritten(instead, server.args[index]?.at ?? [])),
      manifest: server.manifest,
      at: server.args[index]?.at ?? server.at,
      word,
    })),
);

/** Whether the image may still take what all known builds refuse. */
function isOlder({ build, table }: Server): boolean {
  return build !== null && build < table.build;
}

/** In a list every word has a line of its own. */
function asWritten(instead: string, at: Path): string[] {
  if (typeof at.at(-1) !== 'number' || instead.includes(' or ')) return [instead];
  return instead.split(' ').map((word) => (/^-*[A-Za-z/][\w./-]*$/.test(word) ? `- ${word}` : `- "${word}"`));
}
