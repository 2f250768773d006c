import { SERVER_NAMES } from '../../catalogue/identify-server.js';
import { type Window, windowOf } from '../../services/window.js';
import { type Conclusion, count, failed, finding, passed, skipped } from '../check.js';
import type { Facts } from '../facts.js';

/** Whether a request may hold what the configuration supposes, at another server than llama.cpp's. */
export function otherContext(facts: Facts): Conclusion {
  const { window, configured, program } = facts;
  if (window.state === 'not-asked') return skipped(window.reason);
  if (window.state === 'failed') return skipped(window.error.message);
  const { tokens, trained, set, model } = window.value;
  const isOllama = program === 'ollama';
  const found = windowOf(window.value);
  if (found === null || model === null) return skipped('the server does not tell');
  const { tokens: expected, isSure } = found;
  const trainedText = trained === null || trained === expected ? '' : `, trained for ${count(trained)}`;
  const summary = `${count(expected)} tokens${isSure ? '' : ' by default, where nobody has set another'}${trainedText}`;
  const { contextSize: supposed, contextSizeOrigin: origin } = configured;
  if (supposed === null || supposed <= expected) {
    return isOllama && tokens !== null && trained !== null && tokens < trained && supposed === null
      ? passed(summary, cutNote(facts, tokens))
      : passed(summary);
  }
  const tooSmall = finding('context.slot-too-small', facts, {
    severity: isSure ? 'error' : 'warning',
    title: isOllama
      ? `prompts over ${count(expected)} tokens lose their oldest messages, without a word`
      : `requests over ${count(expected)} tokens will fail: the server's context is smaller than configured`,
    evidence: [
      `the configuration supposes ${count(supposed)} tokens${origin === null ? '' : ` (${origin})`}`,
      told(facts, window.value, expected),
      ...(trained !== null && supposed > trained
        ? [`the model was trained for ${count(trained)}, and gets no more`]
        : []),
    ],
    rank: 60,
    context: { contextSize: supposed, model },
  });
  // A model's own setting wins over the server's.
  const remedies = set === null ? tooSmall.remedies : tooSmall.remedies.slice(1);
  return failed(summary, { ...tooSmall, remedies });
}

function told({ program }: Facts, { tokens, set, model }: Window, expected: number): string {
  if (program !== 'ollama')
    return `${program === 'unknown' ? 'the server' : SERVER_NAMES[program]} gives "${model}" ${count(expected)} tokens (/v1/models)`;
  if (tokens !== null) return `Ollama has "${model}" in memory with ${count(tokens)} tokens (/api/ps)`;
  if (set !== null) return `"${model}" sets num_ctx ${count(set)} (/api/show)`;
  return `"${model}" sets no num_ctx (/api/show): Ollama gives it ${count(expected)} where OLLAMA_CONTEXT_LENGTH is not set and the GPU has under 24 GiB`;
}

/** Nobody has said what is needed: that less is there than the model can do is worth a note. */
function cutNote(facts: Facts, tokens: number) {
  return finding('context.slot-too-small', facts, {
    severity: 'info',
    title: `prompts over ${count(tokens)} tokens lose their oldest messages, without a word`,
    evidence: [`in memory with ${count(tokens)} tokens (/api/ps)`],
    rank: 11,
  });
}
