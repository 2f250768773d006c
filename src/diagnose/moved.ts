import type { Finding } from '../catalogue/entry.js';
import type { Facts } from './facts.js';
import { knownValue } from './facts.js';

/**
 * The finding, where a llama-server answers on the other one of its two default ports: the default moves from 8080 to 9931, so
 * that after an upgrade one side still uses the other one.
 * @param plain what is found without that
 * @returns null where none answers there
 */
export function movedFinding(facts: Facts, plain: Finding): Finding | null {
  const moved = knownValue(facts.moved);
  if (moved === null || !moved.answers) return null;
  const { port } = new URL(facts.url);
  const { target, isConfigured } = addressOf(facts);
  const there = new URL(moved.url);
  return {
    ...plain,
    title:
      plain.code === 'connection.refused'
        ? `nothing listens on ${new URL(facts.url).host}: a llama-server answers on port ${there.port}`
        : `${plain.title}: one answers on port ${there.port}`,
    evidence: [
      ...plain.evidence,
      `GET ${moved.url}/health answers as a llama-server does`,
      "llama-server's default port moves from 8080 to 9931: started without --port it depends on its release",
    ],
    remedies: [
      { text: 'Use its address:', commands: [`llamactl diagnose --url ${moved.url}`] },
      ...(isConfigured
        ? [{ text: `Have ${target} changed so:`, commands: ['llamactl diagnose --fix'] }]
        : []),
      { text: 'Or start the server on the port that is asked:', commands: [`llama-server … --port ${port}`] },
    ],
  };
}

/** Whether the address stands in a file, which can be changed. */
function addressOf({ configured: { file, urlOrigin } }: Facts) {
  return { target: file ?? '', isConfigured: file !== null && urlOrigin.startsWith(file) };
}
