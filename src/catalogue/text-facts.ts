import type { TextFacts } from './entry.js';

/** Room for an answer beside the prompt that did not fit, tokens. */
const ANSWER_TOKENS = 1024;

/**
 * What the lines that prove a cause tell of the set-up (port, model file, the option that is missing, the size that
 * would do), so that remedies name it instead of `MODEL` and `8080`. The first line that tells a fact wins.
 */
export function factsInText(lines: readonly string[]): TextFacts {
  const text = lines.join('\n');
  const port = number(
    /\bport(?:=|: ?| )\\?"?(\d{2,5})\b|(?:localhost|127\.0\.0\.1|0\.0\.0\.0):(\d{2,5})\b/i,
    text,
  );
  const model = first(/['"(\s]([^\s'"()]{1,300}\.gguf)\b/i, ` ${text}`);
  const flag = first(/(?:start it with|pass|requires|with the) [`'"]{0,2}(--[a-z][a-z-]{1,40})/i, text);
  const tokens = number(
    /n_prompt_tokens\\?":\s?(\d{1,9})|(?:request|prompt)[^\n]{0,40}\((\d{1,9}) tokens\)|requested tokens \((\d{1,9})\)/i,
    text,
  );
  const slots = number(
    /n_slots ?= ?(\d{1,3})\b|(?:\s|^)(?:-np |--parallel[ =]|--n-parallel[ =])(\d{1,3})\b|LLAMA_ARG_N_PARALLEL ?[=:] ?.?(\d{1,3})\b/i,
    text,
  );
  const slotContext = number(
    /available context size \((\d{1,9}) tokens\)|"n_ctx\\?":\s?(\d{1,9})|truncated, n_ctx = (\d{1,9})/i,
    text,
  );
  return {
    ...(port === undefined || port > 65_535 ? {} : { port }),
    ...(model === undefined ? {} : { model }),
    ...(flag === undefined ? {} : { flag }),
    ...(tokens === undefined
      ? {}
      : { requestTokens: tokens, contextSize: 2 ** Math.ceil(Math.log2(tokens + ANSWER_TOKENS)) }),
    ...(slots === undefined ? {} : { slots }),
    ...(slotContext === undefined ? {} : { slotContext }),
  };
}

function first(pattern: RegExp, text: string): string | undefined {
  return pattern
    .exec(text)
    ?.slice(1)
    .find((group) => group !== undefined);
}

function number(pattern: RegExp, text: string): number | undefined {
  const found = first(pattern, text);
  return found === undefined ? undefined : Number(found);
}
