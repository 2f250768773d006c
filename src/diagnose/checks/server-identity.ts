import { SERVER_NAMES, type ServerKind } from '../../catalogue/identify-server.js';
import { remediesFor } from '../../catalogue/programs.js';
import type { Remedy } from '../../errors/llamactl-error.js';
import { type Check, contextOf, failed, finding, findingOf, passed, skipped } from '../check.js';
import { deafContainer } from '../container-cause.js';
import { movedFinding } from '../moved.js';
import { otherIdentity } from './other-identity.js';

/** What answers is the program that is meant, at this address. */
export const serverIdentity: Check = {
  id: 'server.identity',
  title: 'the program that is meant answers',
  category: 'server',
  needs: ['network.tcp', 'network.tls'],
  asks: ['health', 'props', 'path', 'moved', 'local'],
  run(facts) {
    const { health, path, local } = facts;
    if (health.state === 'not-asked') return skipped(health.reason);
    if (facts.configured.provider !== 'llama-cpp' && facts.program !== 'llama.cpp')
      return otherIdentity(facts);
    const root = path.state === 'known' ? path.value.url : null;
    const isDoubled = /\/v1$/.test(new URL(facts.url).pathname) && root !== null && root !== facts.url;
    if (isDoubled) {
      const title = 'the address ends in /v1 twice';
      return failed(
        title,
        finding('connection.wrong-path', facts, {
          title: `${title}: a llama-server answers at ${root}`,
          evidence: [`given: ${facts.url}`, `GET ${root}/health answers as a llama-server does`],
          rank: 88,
          remedies: [{ text: 'Use this address:', commands: [`llamactl diagnose --url ${root}`] }],
        }),
      );
    }
    if (health.state === 'known')
      return passed(`llama.cpp${health.value.build === null ? '' : ` ${health.value.build}`}`);
    const { code, message } = health.error;
    if (code === 'server.wedged') return skipped('it does not answer');
    if (!code.startsWith('connection.') && code !== 'network.proxy-interference') return passed('llama.cpp');
    // Docker takes connections to a published port, whether or not somebody listens inside.
    const deaf = code === 'connection.reset' ? deafContainer(facts, health.error) : null;
    if (deaf !== null) return failed(deaf.title, deaf);
    const elsewhere = root;
    if (elsewhere !== null && elsewhere !== facts.url) {
      return failed(
        message,
        finding('connection.wrong-path', facts, {
          title: `a llama-server answers at ${elsewhere}, and not at ${facts.url}`,
          evidence: [...health.error.evidence, `GET ${elsewhere}/health answers as a llama-server does`],
          rank: 88,
          remedies: [
            { text: 'Use that address:', commands: [`llamactl diagnose --url ${elsewhere}`] },
            {
              text: 'Or start the server under this path:',
              commands: [`llama-server -m MODEL --api-prefix ${new URL(facts.url).pathname}`],
            },
          ],
        }),
      );
    }
    const kind = path.state === 'known' ? path.value.stranger : null;
    const holder = local.state === 'known' ? local.value.holder : null;
    const evidence = [
      ...health.error.evidence,
      ...(holder === null ? [] : [`port held by ${holder.name} (process ${holder.pid})`]),
      ...(facts.proxy === null
        ? []
        : [`requests go through ${facts.proxy.url}, which ${facts.proxy.variable} names`]),
    ];
    if (code === 'connection.wrong-server' && kind !== null && kind !== 'unknown' && kind !== 'llama.cpp') {
      const title = `${SERVER_NAMES[kind]} answers on ${new URL(facts.url).host}, not a llama-server`;
      const remedies = meantOtherwise(facts, kind);
      const stranger = finding('connection.wrong-server', facts, { title, evidence, rank: 90, remedies });
      return failed(title, movedFinding(facts, stranger) ?? stranger);
    }
    if (code === 'connection.wrong-path') {
      const prefix = prefixOf(facts);
      if (prefix !== null) {
        const url = `${new URL(facts.url).origin}${prefix}`;
        return failed(
          message,
          finding('connection.wrong-path', facts, {
            title: `the server was started with --api-prefix ${prefix}`,
            evidence: [
              `given: ${facts.url}`,
              ...health.error.evidence,
              `process arguments: --api-prefix ${prefix}`,
            ],
            rank: 88,
            remedies: [{ text: 'Use its address:', commands: [`llamactl diagnose --url ${url}`] }],
          }),
        );
      }
    }
    const found = findingOf(health.error, 90);
    const plain = { ...found, evidence, remedies: withoutThis(found.remedies, facts.url) };
    return failed(message, movedFinding(facts, plain) ?? plain);
  },
};

/** Where the other program is meant, the configuration, or the command line, has to say so. */
function meantOtherwise(facts: Parameters<Check['run']>[0], kind: ServerKind): readonly Remedy[] {
  const usual = withoutThis(remediesFor('connection.wrong-server', 'llama.cpp', contextOf(facts)), facts.url);
  if (kind === 'proxy' || kind === 'unknown') return usual;
  const provider = kind === 'ollama' || kind === 'openrouter' ? kind : 'openai-compatible';
  const { file } = facts.configured;
  return [
    {
      text: `Where ${SERVER_NAMES[kind]} is meant, say so${file === null ? '' : ` ("provider": "${provider}" in ${file})`}:`,
      commands: [`llamactl diagnose --url ${facts.url} --kind ${provider}`],
    },
    ...usual,
  ];
}

/** The path prefix that the process on this port was started with; null where that cannot be seen. */
function prefixOf({ url, local }: Parameters<Check['run']>[0]): string | null {
  if (local.state !== 'known') return null;
  const port = Number(new URL(url).port);
  const mine = local.value.processes.find(({ ports }) => ports.includes(port));
  const at = mine?.args.indexOf('--api-prefix') ?? -1;
  return at < 0 ? null : (mine?.args[at + 1] ?? null);
}

/** Remedies without the command that was run just now. */
function withoutThis(remedies: readonly Remedy[], url: string): readonly Remedy[] {
  return remedies.map(({ text, commands }) => ({
    text,
    commands: commands.filter((command) => command !== `llamactl diagnose --url ${url}`),
  }));
}
