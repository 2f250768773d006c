import type { ExplainedEntry } from '../services/explain.js';

const PLATFORM_NAMES = { any: 'Everywhere', linux: 'Linux', darwin: 'macOS', win32: 'Windows' } as const;
const PLATFORMS = ['any', 'linux', 'darwin', 'win32'] as const;

const FAMILY_NAMES: Readonly<Record<string, string>> = {
  connection: 'Connection',
  network: 'Network',
  auth: 'API key',
  model: 'Model',
  context: 'Context',
  memory: 'Memory',
  gpu: 'GPU',
  server: 'Server',
  feature: 'Features',
  request: 'Requests',
  stream: 'Streaming',
  container: 'Containers',
  k8s: 'Kubernetes',
};

/**
 * docs/troubleshooting.md: the whole catalogue as one page.
 * @param entries in the order of the page, filled (`explain` of services/explain.ts)
 */
export function renderCatalogueMarkdown(entries: readonly ExplainedEntry[]): string {
  const families = new Map<string, ExplainedEntry[]>();
  for (const entry of entries) {
    const family = entry.code.slice(0, entry.code.indexOf('.'));
    families.set(family, [...(families.get(family) ?? []), entry]);
  }
  const parts = [
    '# Troubleshooting',
    'Every failure that llamactl knows: what happens, why, and what to type. The codes are the ones of error messages, of `llamactl diagnose` and of the JSON documents. Paste a log to have the cause found: `llamactl explain server.log`, or `docker logs CONTAINER 2>&1 | llamactl explain -`.',
    '<!-- Written by test/catalogue/troubleshooting-doc.test.ts from src/catalogue/entries; do not edit. -->',
    contents(families),
  ];
  for (const [family, members] of families) {
    parts.push(`## ${FAMILY_NAMES[family] ?? family}`, ...members.flatMap(section));
  }
  return `${parts.join('\n\n')}\n`;
}

function contents(families: ReadonlyMap<string, readonly ExplainedEntry[]>): string {
  const rows = [...families.values()]
    .flat()
    .map(({ code, title, type }) => `| [\`${code}\`](#${anchor(code)}) | ${title} | \`${type}\` |`);
  return ['| code | what is wrong | error type |', '| --- | --- | --- |', ...rows].join('\n');
}

function section(entry: ExplainedEntry): string[] {
  return [
    `### ${entry.code}`,
    `**${entry.title}** · \`${entry.type}\``,
    entry.explanation,
    ['Causes:', '', ...entry.causes.map((cause) => `- ${cause}`)].join('\n'),
    'What to do:',
    ...entry.remedies.map(({ text, commands }, index) =>
      [`${index + 1}. ${text}`, fence(commands, '   ')].join('\n'),
    ),
    'To find out more:',
    ...PLATFORMS.flatMap((platform) => {
      const commands = entry.diagnostics[platform];
      return commands === undefined ? [] : [[`${PLATFORM_NAMES[platform]}:`, fence(commands)].join('\n')];
    }),
    `Upstream: <${entry.link}>`,
  ];
}

function fence(commands: readonly string[], indent = ''): string {
  if (commands.length === 0) return '';
  return ['', '```sh', ...commands, '```'].map((line) => (line === '' ? '' : indent + line)).join('\n');
}

/** The anchor that Markdown renderers give a heading: lower case, dots dropped. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w -]/g, '')
    .replaceAll(' ', '-');
}
