import { CATALOGUE_CODES } from './codes.js';

/** Takes secrets out of text. */
export type Redactor = (text: string) => string;

const MASK = '***';
/** Shorter "secrets" (`k`, `no`) would mask ordinary words; masking them would tell more than it hides. */
const SHORTEST_SECRET = 4;

/** What our own advice and other people's examples write where a secret would stand: `$(pass` begins a command that knows it. */
const PLACEHOLDER =
  /^(?:…|\.{3}|\*+|(?:(?:MY|YOUR)[-_])?(?:API[-_])?KEY|<[^>]*>?|\$\{?[A-Z_]+\}?|\$\([\w./-]+)$/;

/** Each with what stands before the secret, and the secret. */
const PATTERNS: readonly RegExp[] = [
  /((?:proxy-)?authorization["']?\s*[:=]\s*["']?(?:bearer|basic)\s+)([^\s"',]+)/gi,
  /(x-api-key["']?\s*[:=]\s*["']?)([^\s"',]+)/gi,
  /((?<![\w-])--?(?:api-key|hf-token|hft)[ =]["']?)([^\s"']+)/gi,
  // A line's end may be written as reports write it: annotations of GitHub, attributes of XML.
  /((?:LLAMA_API_KEY|LLAMACTL_API_KEY|OPENROUTER_API_KEY|OPENAI_API_KEY|HF_TOKEN)=["']?)((?:(?!%0A|&#10;)[^\s"'])+)/g,
  // To the last @ of the host's part: a password may have one itself, unescaped.
  /(:\/\/[^/\s:@]*:)([^/\s"'<>?#]+)(?=@)/g,
  /([?&](?:api[-_]?key|key|(?:access[-_]?)?token|secret|password)=)([^&\s"'#]+)/gi,
  // By their shape, wherever they stand: Hugging Face's tokens and the keys of OpenAI and those who follow it.
  /(\b(?:hf_|sk-)(?=[\w-]*\d))([\w-]{12,})/g,
];

/**
 * Makes a function that masks these secrets, and what looks like a credential (bearer headers, `--api-key` values,
 * the password of a URL), wherever they stand in a text.
 * @param secrets values to mask, as they were given; empty and very short ones are passed over
 */
export function createRedactor(secrets: Iterable<string | undefined>): Redactor {
  const mask = createMask(secrets);
  return (text) => {
    let out = mask(text);
    for (const pattern of PATTERNS) {
      out = out.replace(pattern, (whole, before: string, secret: string) =>
        PLACEHOLDER.test(secret) ? whole : before + MASK,
      );
    }
    return out;
  };
}

/**
 * Makes a function that masks these secrets and nothing else: for text that is somebody's data, such as a model's answer,
 * in which an example of a header is no secret.
 */
export function createMask(secrets: Iterable<string | undefined>): Redactor {
  const values = new Set<string>();
  for (const secret of secrets) {
    if (secret === undefined || secret.length < SHORTEST_SECRET) continue;
    values.add(secret);
    values.add(encodeURIComponent(secret));
    values.add(JSON.stringify(secret).slice(1, -1));
    values.add(Buffer.from(secret).toString('base64'));
  }
  const longestFirst = [...values].sort((a, b) => b.length - a.length);
  const maskers = longestFirst.map(maskerOf);
  return (text) => maskers.reduce((out, mask) => mask(out), text);
}

/** A key that is a word of ours (`wrong`) is masked too, but not inside a code, which scripts and `explain` go by. */
function maskerOf(value: string): Redactor {
  const codes = CATALOGUE_CODES.filter((code) => code.includes(value));
  if (codes.length === 0) return (text) => text.replaceAll(value, MASK);
  // Only letters, dots and hyphens: what is a part of a code.
  const either = new RegExp(
    `(${codes.join('|').replaceAll('.', '\\.')})|${value.replaceAll('.', '\\.')}`,
    'g',
  );
  return (text) => text.replace(either, (_, code: string | undefined) => code ?? MASK);
}
