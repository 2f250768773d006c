/** Takes secrets out of text. */
export type Redactor = (text: string) => string;

const MASK = '***';
/** Shorter "secrets" (`k`, `no`) would mask ordinary words; masking them would tell more than it hides. */
const SHORTEST_SECRET = 4;

const PATTERNS: readonly RegExp[] = [
  /((?:proxy-)?authorization["']?\s*[:=]\s*["']?(?:bearer|basic)\s+)[^\s"',]+/gi,
  /(x-api-key["']?\s*[:=]\s*["']?)[^\s"',]+/gi,
  /(--?(?:api-key|hf-token|hft)[ =]["']?)[^\s"']+/gi,
  /((?:LLAMA_API_KEY|LLAMACTL_API_KEY|OPENROUTER_API_KEY|OPENAI_API_KEY|HF_TOKEN)=["']?)[^\s"']+/g,
  /(:\/\/[^/\s:@]*:)[^/\s@]+(?=@)/g,
];

/**
 * Makes a function that masks these secrets, and what looks like a credential (bearer headers, `--api-key` values,
 * the password of a URL), wherever they stand in a text.
 * @param secrets values to mask, as they were given; empty and very short ones are passed over
 */
export function createRedactor(secrets: Iterable<string | undefined>): Redactor {
  const values = new Set<string>();
  for (const secret of secrets) {
    if (secret === undefined || secret.length < SHORTEST_SECRET) continue;
    values.add(secret);
    values.add(encodeURIComponent(secret));
    values.add(JSON.stringify(secret).slice(1, -1));
    values.add(Buffer.from(secret).toString('base64'));
  }
  const longestFirst = [...values].sort((a, b) => b.length - a.length);
  return (text) => {
    let out = text;
    for (const value of longestFirst) out = out.replaceAll(value, MASK);
    for (const pattern of PATTERNS) out = out.replace(pattern, `$1${MASK}`);
    return out;
  };
}
