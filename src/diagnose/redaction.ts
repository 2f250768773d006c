import { createRedactor } from '../errors/redact.js';

/** What was taken out of a file of a bundle, and how often. */
export interface Redacted {
  readonly file: string;
  readonly what: 'secret' | 'home folder' | 'prompt' | 'line that is no log line';
  readonly times: number;
}

/** Takes out of texts what is nobody else's business, and counts it. */
export interface Redaction {
  text(file: string, text: string): string;
  /** The same for every text inside a value. */
  value<T>(file: string, value: T): T;
  /** For a log: prompts, and lines that are no log lines, since they may be one's continuation. */
  log(file: string, lines: readonly string[]): string[];
  list(): Redacted[];
}

/** Fields in which requests and `llama-server -v` show what people asked and were told. */
const PROMPT_FIELD =
  /("(?:prompt|content|messages|text|input|input_prefix|input_suffix|reasoning_content|query|documents)"\s*:\s*)(?:"(?:[^"\\]|\\.)*"?|\[[^\n]*|\{[^\n]*)/g;
/** A prompt after a template, as it is logged. */
const TEMPLATED =
  /(?:<\|(?:im_start|start_header_id|user|system|begin_of_text)\|?>|\[INST\]|<start_of_turn>)[^\n]*/g;

/** Fields that hold a secret by their name. */
const SECRET_FIELD = /^(?:.*[-_])?(?:authorization|api[-_]?key|token|secret|password|cookie)$/i;

/** How lines of llama-server's log begin, in the formats since 2023, behind docker's and kubectl's prefixes too. */
const LOG_LINE =
  /^(?:[\w.-]{1,64}\s*\|\s|\[pod\/)|^\s*(?:\d+\.\d{2}\.\d{3}\.\d{3}\s[A-Z]\s|\[?\d{4}-\d{2}-\d{2}|[A-Z][a-z]{2}\s+\d{1,2}\s\d{2}:|\{"|\[\s?\d+\]|(?:VERB|DEBUG|INFO|WARN|ERR|ERROR)\b|(?:srv|slot|que|res|main|cmn|common|llama|ggml|gguf|load|print_info|build|system|init|set|warning|error|terminate|CUDA|ROCm|Vulkan|Metal|\.\/|\$)[\w ]*\b|[.]{1,101}$)/i;

/**
 * @param secrets known ones
 * @param home the user's home folder; empty where there is none
 */
export function createRedaction(secrets: readonly (string | undefined)[], home: string): Redaction {
  const redact = createRedactor(secrets);
  const counts = new Map<string, Redacted>();
  const note = (file: string, what: Redacted['what'], times: number) => {
    if (times <= 0) return;
    const key = `${file} ${what}`;
    counts.set(key, { file, what, times: (counts.get(key)?.times ?? 0) + times });
  };
  const text = (file: string, given: string) => {
    const masked = redact(given);
    note(file, 'secret', count(masked, '***') - count(given, '***'));
    if (home === '' || home === '/') return masked;
    note(file, 'home folder', count(masked, home));
    return masked.replaceAll(home, '~');
  };
  const value = (file: string, given: unknown): unknown => {
    if (typeof given === 'string') return text(file, given);
    if (Array.isArray(given)) return given.map((each) => value(file, each));
    if (typeof given !== 'object' || given === null) return given;
    return Object.fromEntries(
      Object.entries(given).map(([key, inner]) => {
        if (!SECRET_FIELD.test(key) || typeof inner !== 'string' || inner === '')
          return [key, value(file, inner)];
        note(file, 'secret', 1);
        return [key, '***'];
      }),
    );
  };
  const log = (file: string, lines: readonly string[]) => {
    const kept: string[] = [];
    let dropped = 0;
    const gap = () => {
      if (dropped > 0) kept.push(`… ${dropped} lines that are no log lines`);
      dropped = 0;
    };
    for (const line of lines) {
      if (line.trim() !== '' && !LOG_LINE.test(line)) {
        dropped++;
        note(file, 'line that is no log line', 1);
        continue;
      }
      gap();
      let prompts = 0;
      const masked = line
        .replace(PROMPT_FIELD, (_, field: string) => {
          prompts++;
          return `${field}"***"`;
        })
        .replace(TEMPLATED, () => {
          prompts++;
          return '***';
        });
      note(file, 'prompt', prompts);
      kept.push(text(file, masked));
    }
    gap();
    return kept;
  };
  return {
    text,
    // The shape of the value stays: only texts inside it change.
    value: <T>(file: string, given: T) => value(file, given) as T,
    log,
    list: () => [...counts.values()],
  };
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}
