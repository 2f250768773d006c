import { PROGRAM_OF, SERVER_NAMES, type ServerKind } from '../../catalogue/identify-server.js';
import { type Conclusion, failed, finding, findingOf, passed, skipped } from '../check.js';
import type { Facts } from '../facts.js';

/** What people call a kind of provider. */
const KIND_NAMES = {
  'llama-cpp': 'a llama-server',
  ollama: 'Ollama',
  openrouter: 'OpenRouter',
  'openai-compatible': "a server of OpenAI's API",
} as const;

/** Whether the server is of the kind that the configuration says, where that is not llama.cpp. */
export function otherIdentity(facts: Facts): Conclusion {
  const { health, path, local, configured, url } = facts;
  const { provider } = configured;
  const meant: ServerKind = PROGRAM_OF[provider];
  if (health.state === 'not-asked') return skipped(health.reason);
  if (health.state === 'known') {
    const { kind, build } = health.value;
    if (kind === null || kind === 'unknown') return passed(KIND_NAMES['openai-compatible']);
    if (meant !== 'unknown' && kind !== meant) return wrong(facts, kind, []);
    const name = `${SERVER_NAMES[kind]}${build === null ? '' : ` ${build}`}`;
    return kind === 'ollama' && provider !== 'ollama' ? passed(name, tellsMore(facts)) : passed(name);
  }
  const { code, message, evidence } = health.error;
  if (code === 'server.wedged') return skipped('it does not answer');
  if (!code.startsWith('connection.') && code !== 'network.proxy-interference')
    return passed(SERVER_NAMES[meant]);
  const elsewhere = path.state === 'known' ? path.value.url : null;
  if (elsewhere !== null && elsewhere !== url)
    return failed(
      message,
      finding('connection.wrong-path', facts, {
        title: `${KIND_NAMES[provider]} answers at ${elsewhere}, and not at ${url}`,
        evidence,
        rank: 88,
        remedies: [
          {
            text: 'Use that address:',
            commands: [`llamactl diagnose --url ${elsewhere} --kind ${provider}`],
          },
        ],
      }),
    );
  const stranger = path.state === 'known' ? path.value.stranger : null;
  const holder = local.state === 'known' ? local.value.holder : null;
  const proof = [
    ...evidence,
    ...(holder === null ? [] : [`port held by ${holder.name} (process ${holder.pid})`]),
  ];
  if (stranger !== null && stranger !== 'unknown' && stranger !== 'proxy' && stranger !== meant)
    return wrong(facts, stranger, proof);
  return failed(message, { ...findingOf(health.error, 90), evidence: proof });
}

function wrong(facts: Facts, kind: ServerKind, evidence: readonly string[]): Conclusion {
  const { url, configured } = facts;
  const title = `${SERVER_NAMES[kind]} answers on ${hostIn(url)}, not ${KIND_NAMES[configured.provider]}`;
  const provider =
    kind === 'llama.cpp'
      ? 'llama-cpp'
      : kind === 'ollama' || kind === 'openrouter'
        ? kind
        : 'openai-compatible';
  return failed(
    title,
    finding('connection.wrong-server', facts, {
      title,
      evidence:
        evidence.length > 0 ? evidence : [`GET ${url}/v1/models answers as ${SERVER_NAMES[kind]} does`],
      rank: 90,
      remedies: [
        {
          text: `Where ${SERVER_NAMES[kind]} is meant, say so ("provider": "${provider}"${configured.file === null ? '' : ` in ${configured.file}`}):`,
          commands: [`llamactl diagnose --url ${url} --kind ${provider}`],
        },
        {
          text: `Else correct the address of ${KIND_NAMES[configured.provider]}:`,
          commands: ['llamactl config show'],
        },
      ],
    }),
  );
}

function tellsMore(facts: Facts) {
  return finding('config.invalid', facts, {
    severity: 'info',
    title: 'Ollama answers: as provider "ollama" its models, memory and context are shown',
    evidence: [`configured as "${facts.configured.provider}"`],
    rank: 9,
    remedies: [
      { text: 'See the difference:', commands: [`llamactl diagnose --url ${facts.url} --kind ollama`] },
    ],
  });
}

function hostIn(url: string): string {
  return url.startsWith('unix:') ? url : new URL(url).host;
}
