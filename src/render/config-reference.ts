import type { JsonSchema } from '../config/introspect.js';

export interface ReferenceParts {
  /** Of our form. */
  readonly schema: JsonSchema;
  /** Of nanocoder's provider. */
  readonly provider: JsonSchema;
  /** Codes of problems, and what each is. */
  readonly problems: Readonly<Record<string, string>>;
}

const SOURCES = `
llamactl needs no configuration: without one it speaks to \`http://localhost:8080\`. Where there is one, the first of these files is read, and no other:

1. the file of \`--config FILE\`, else of \`LLAMACTL_CONFIG\`
2. \`llamactl.config.json\`, \`.jsonc\`, \`.yaml\` or \`.yml\` in the working folder
3. \`agents.config.json\` in the working folder, nanocoder's; where \`NANOCODER_CONFIG_DIR\` is set, the one in that folder instead
4. \`config.json\`, \`.jsonc\`, \`.yaml\` or \`.yml\` in the user's folder: \`$XDG_CONFIG_HOME/llamactl\`, else \`~/.config/llamactl\` (Linux), \`~/Library/Preferences/llamactl\` (macOS), \`%APPDATA%\\llamactl\` (Windows)
5. \`agents.config.json\` in nanocoder's user folder, beside that one; not where \`NANOCODER_CONFIG_DIR\` is set

Above any file stand flags, and then the environment:

| variable | instead of |
| --- | --- |
| \`LLAMACTL_URL\` | \`--url\` |
| \`LLAMACTL_TARGET\` | \`--target\`; several with commas between |
| \`LLAMACTL_API_KEY\` | \`--api-key\` |
| \`LLAMACTL_MODEL\` | \`--model\` |
| \`LLAMACTL_TIMEOUT\` | \`--timeout\`, as \`30s\`, \`500ms\`, \`2m\` |
| \`LLAMACTL_BASIC_AUTH\` | nothing: a login has no flag, which others could see |
| \`LLAMACTL_CONFIG\` | \`--config\` |
| \`NANOCODER_PROVIDERS\`, \`NANOCODER_PROVIDERS_FILE\` | providers of the same names in nanocoder's files, and those only |

\`llamactl config show\` prints what comes of it all, with the origin of every value. \`llamactl config validate\` says what is wrong with a file, \`--live\` also with the servers behind it.`;

const FORMAT = `
JSON, with comments (\`//\`, \`/* */\`), or YAML, with anchors and merge keys (\`<<\`). Trailing commas, keys that stand twice and keys that are not known are errors. Two kinds of keys are your own, anywhere in the file: \`x-…\`, and \`"//"\`, the comment of plain JSON.

\`$VAR\`, \`\${VAR}\` and \`\${VAR:-default}\` are replaced in \`baseUrl\`, \`baseUrls\`, \`apiKey\`, \`apiKeyFile\`, \`basicAuth\`, \`headers\` and \`models\`; a dollar is \`$$\`. Variables are those of the environment. (In nanocoder's files also those of \`.env\` in the working folder, as nanocoder has it; llamactl's own settings are never read from a \`.env\`.)

For completion in an editor: \`llamactl config schema > llamactl.schema.json\`, and \`"$schema": "./llamactl.schema.json"\` in a JSON file, or \`# yaml-language-server: $schema=llamactl.schema.json\` as the first line of a YAML file.`;

const KEYS = `
The first of these that is there: \`--api-key\`, \`LLAMACTL_API_KEY\`, and of the target \`apiKey\`, \`apiKeyFile\`, \`apiKeyCommand\`, \`apiKeyKeyring\`. A target's key goes to the target's own servers only: \`--target gpu1 --url http://other\` sends none. Where several targets are asked (\`--target all\`, \`provider list\`), each one's own key wins over \`LLAMACTL_API_KEY\`, which goes only to llama.cpp and OpenAI-compatible targets without one (and to no OpenAI-compatible one with a login).

- \`apiKey: $LLAMA_API_KEY\` takes it from the environment. A key that stands in the file itself is warned of where others can read the file, or git tracks it.
- \`apiKeyFile\` names a file that holds the key in its first line. It should be readable by its owner alone (\`chmod 600\`); secrets that a container mounts under \`/run/secrets\` are.
- \`apiKeyCommand\` prints the key, as git's credential helpers and \`ssh-askpass\` do. A list is run as it is, without a shell; a text is given to the shell, in the folder of the configuration. It may ask on the terminal, has 60 seconds, and its first line counts.
- \`apiKeyKeyring: gpu1\` takes it from the system's keyring (GNOME Keyring, KWallet, macOS Keychain, Windows Credential Manager), where \`llamactl config set-key gpu1\` has put it; \`{service, account}\` names an entry that another program made. It needs the optional package \`@napi-rs/keyring\`, which npm installs where it can; on a server without a desktop there is no keyring as a rule, and the error says so. The kernel's own, which forgets everything at a restart, is never used.

Other stores are reached by a command:

\`\`\`yaml
apiKeyCommand: [pass, show, llama/gpu1]                                     # pass
apiKeyCommand: [secret-tool, lookup, service, llamactl, account, gpu1]      # GNOME, KDE
apiKeyCommand: [security, find-generic-password, -w, -s, llamactl, -a, gpu1] # macOS
apiKeyCommand: [op, read, "op://dev/gpu1/key"]                              # 1Password
\`\`\`

A login of a reverse proxy is \`basicAuth\`, or \`LLAMACTL_BASIC_AUTH=USER:PASSWORD\`; in an address it is refused, since addresses are shown. Beside an API key the login is sent as \`Authorization\`, and the key as \`X-Api-Key\`, which llama-server reads too; other servers do not, so there the two exclude each other. What else a proxy wants stands in \`headers\`. Like the key, all of it goes to the target's own servers only, and \`LLAMACTL_BASIC_AUTH\` to none of several targets.

A configuration that was only found in the working folder, and that belongs to another user or that everybody can write to, runs no command and has no file or keyring read: name it with \`--config\` where it is meant. A key is never printed; \`***\` stands for it.`;

const NANOCODER = `
\`agents.config.json\` is read in both its forms: \`providers[]\`, at the top or under \`nanocoder\`, and the older one with a section a provider (\`nanocoder.llamaCpp\`, \`ollama\`, \`openRouter\`, \`openAICompatible\`), which today's nanocoder no longer reads. \`llamactl config migrate\` turns each into the others ([migration](migration.md)). Keys that neither program knows are warnings, save in \`llamaCpp\`, whose keys are the specification's.

A provider's kind follows from its address: \`openrouter.ai\` is OpenRouter, port 11434 Ollama, ports 8080 and 9931 and unix sockets llama.cpp, anything else OpenAI-compatible. \`requestTimeout\` (else \`timeout\`) is the timeout, a \`-1\` a day; \`contextWindows\` of the first model, else \`contextWindow\`, is the context that is supposed; \`x-llamactl\` may hold any key of a target, and \`default: true\`.`;

/** docs/configuration-reference.md: every key, from the schema. */
export function renderConfigReference({ schema, provider, problems }: ReferenceParts): string {
  const target = schema.properties?.['targets']?.additionalProperties;
  const fields = typeof target === 'object' ? target : {};
  const parts = [
    '# Configuration reference',
    '<!-- Written by test/config/reference-doc.test.ts from src/config/schema.ts; do not edit. -->',
    '## Where it is looked for',
    SOURCES.trim(),
    '## Format',
    FORMAT.trim(),
    '## The file',
    table(schema, ''),
    '## A target',
    'Every key may be left out.',
    table(fields, ''),
    ...Object.entries(fields.properties ?? {}).flatMap(([name, group]) =>
      group.properties === undefined ? [] : [`### ${name}`, group.description ?? '', table(group, '')],
    ),
    '## API keys',
    KEYS.trim(),
    "## nanocoder's files",
    NANOCODER.trim(),
    "Of a provider llamactl reads or checks these; the rest is nanocoder's business and left alone:",
    table(provider, ''),
    '## Problems',
    'The codes of `llamactl config validate`. With `--live` also those of [troubleshooting](troubleshooting.md).',
    [
      '| code | what it is |',
      '| --- | --- |',
      ...Object.entries(problems).map(([code, text]) => `| \`${code}\` | ${text} |`),
    ].join('\n'),
  ];
  return `${parts.join('\n\n')}\n`;
}

function table(schema: JsonSchema, prefix: string): string {
  const rows = Object.entries(schema.properties ?? {}).map(([key, value]) => {
    const cells = [`\`${prefix}${key}\``, allowedText(value), defaultText(value), meaning(value)];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return ['| key | what it takes | default | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function allowedText(schema: JsonSchema): string {
  const { enum: values, anyOf, minimum, maximum, items, properties, additionalProperties, type } = schema;
  if (values !== undefined) return values.map((value) => `\`${String(value)}\``).join(', ');
  if (anyOf !== undefined) return anyOf.map(allowedText).join(', or ');
  if (type === 'number' || type === 'integer') return numbers(type, minimum, maximum);
  if (type === 'array') return items?.type === 'string' ? 'list of texts' : 'list';
  if (properties !== undefined) return 'keys';
  if (typeof additionalProperties === 'object') return 'names and their values';
  return { string: 'text', boolean: '`true`, `false`', object: 'keys' }[type ?? ''] ?? 'anything';
}

function numbers(
  type: string,
  minimum = Number.NEGATIVE_INFINITY,
  maximum = Number.POSITIVE_INFINITY,
): string {
  const noun = type === 'integer' ? 'whole number' : 'number';
  if (Math.abs(minimum) >= Number.MAX_SAFE_INTEGER) return noun;
  const to = maximum >= Number.MAX_SAFE_INTEGER ? '' : ` to ${maximum.toLocaleString('en-US')}`;
  return `${noun} from ${minimum.toLocaleString('en-US')}${to}`;
}

function defaultText({ default: standard }: JsonSchema): string {
  return standard === undefined ? '' : `\`${String(standard)}\``;
}

function meaning({ description = '', examples = [] }: JsonSchema): string {
  const shown = examples.map(
    (example) => `\`${typeof example === 'string' ? example : JSON.stringify(example)}\``,
  );
  return shown.length === 0 ? description : `${description} For example ${shown.join(', ')}.`;
}
