import { errorOf } from '../catalogue/to-error.js';
import type { LlamactlError } from '../errors/llamactl-error.js';
import { AsyncQueue } from './async-queue.js';
import { type ChatAccumulator, type PartialAnswer, timingsOf, usageOf } from './chat-accumulator.js';
import { chatBody } from './chat-request.js';
import { CHAT_PATH, openChatStream, type StreamAttempt } from './chat-stream.js';
import { chatCompletion } from './endpoints/generation.js';
import { applyTemplate, tokenize } from './endpoints/tokens.js';
import { formatMessages, usesToolMessages, type WireMessage } from './messages.js';
import { type Attempt, Recoverer } from './recoverer.js';
import type { Requester } from './requester.js';
import { firstUsable, type ServerFacts } from './server-facts.js';
import { parseToolCalls } from './tool-calls.js';
import { truncateMessages } from './truncate.js';
import type { ChatEvent, ChatOptions, ChatResult, Message, RecoveryStep, Tool } from './types.js';

/** One conversation turn, asked for until there is an answer or nothing more to try. */
export class ChatTurn {
  readonly #requester: Requester;
  readonly #facts: ServerFacts;
  readonly #tools: readonly Tool[];
  readonly #options: ChatOptions;
  readonly #recoverer: Recoverer;
  #attempt: Attempt;

  /**
   * @param model asked for; empty for the server's own
   * @param onStep told of each recovery, beside the client's event
   */
  constructor(
    requester: Requester,
    facts: ServerFacts,
    model: string,
    messages: readonly Message[],
    tools: readonly Tool[],
    options: ChatOptions,
    onStep: (step: RecoveryStep) => void = () => {},
  ) {
    this.#requester = requester;
    this.#facts = facts;
    this.#tools = tools;
    this.#options = options;
    this.#attempt = {
      timeoutMs: options.timeout ?? requester.timeout,
      messages,
      ...(model === '' ? {} : { model }),
    };
    this.#recoverer = this.#createRecoverer(onStep);
  }

  /** The whole answer in one. @throws LlamactlError */
  async whole(): Promise<ChatResult> {
    for (;;) {
      try {
        return await this.#askWhole();
      } catch (error) {
        this.#attempt = await this.#recoverer.after(error, this.#attempt);
      }
    }
  }

  /** The answer as it comes; falls back to {@link whole} where recovery says so. @throws LlamactlError */
  async streamed(
    emit: (event: ChatEvent) => void,
    onAttempt: (attempt: StreamAttempt) => void,
  ): Promise<void> {
    this.#attempt = { ...this.#attempt, stream: true };
    for (;;) {
      try {
        if (this.#attempt.stream === false) {
          for (const event of eventsOf(await this.#askWhole())) emit(event);
        } else {
          emit({ type: 'finish', result: await this.#askStreamed(emit, onAttempt) });
        }
        return;
      } catch (error) {
        this.#attempt = await this.#recoverer.after(error, this.#attempt);
      }
    }
  }

  async #askStreamed(
    emit: (event: ChatEvent) => void,
    onAttempt: (attempt: StreamAttempt) => void,
  ): Promise<ChatResult> {
    const { timeoutMs, model = '' } = this.#attempt;
    const { conversation, signal } = this.#options;
    const body = chatBody(await this.#request(), true);
    const server = await this.#requester.lease({ path: CHAT_PATH, body, conversation });
    let answer: ChatAccumulator;
    let hasBegun = false;
    try {
      const stream = openChatStream(
        server.transport,
        {
          body,
          firstTokenMs: timeoutMs,
          idleMs: this.#requester.options.idleTimeout ?? timeoutMs,
          model,
          signal,
          context: this.#requester.errorContext(server.baseUrl),
        },
        (event) => {
          hasBegun = true;
          emit(event);
        },
      );
      onAttempt(stream);
      answer = await this.#whileAlive(stream.answer, () => hasBegun, stream.abort);
      server.release();
    } catch (error) {
      server.release(error);
      throw error;
    }
    const partial = answer.partial();
    if (partial.toolCallProblems.length > 0) throw await this.#unusableToolCall(partial);
    return answer.result(this.#recoverer.steps);
  }

  async #askWhole(): Promise<ChatResult> {
    const { conversation, signal } = this.#options;
    const call = { ...chatCompletion(chatBody(await this.#request(), false)), conversation };
    const givenUp = new AbortController();
    const options = {
      timeout: this.#attempt.timeoutMs,
      retries: 0,
      signal: signal === undefined ? givenUp.signal : AbortSignal.any([signal, givenUp.signal]),
    };
    const answer = await this.#whileAlive(
      this.#requester.call(call, options),
      () => false,
      () => givenUp.abort(),
    );
    const choice = answer.choices[0];
    const calls = (choice?.message.tool_calls ?? []).map((each, index) => ({
      id: each.id || `call_${index}`,
      name: each.function?.name ?? '',
      arguments: each.function?.arguments ?? '',
    }));
    const { toolCalls, problems } = parseToolCalls(calls);
    const result = {
      content: choice?.message.content ?? '',
      reasoning: choice?.message.reasoning_content ?? choice?.message.reasoning ?? '',
      toolCalls,
      finishReason: choice?.finish_reason ?? 'stop',
      model: answer.model ?? '',
      usage: usageOf(answer.usage, answer.timings),
      timings: timingsOf(answer.timings),
      recovery: this.#recoverer.steps,
    };
    if (problems.length > 0) throw await this.#unusableToolCall({ ...result, toolCallProblems: problems });
    return result;
  }

  /**
   * An answer, waited for as long as its server is alive.
   * @param hasBegun whether some of it has come, which is a sign of life
   * @throws LlamactlError as `answer` does, or that its server answers nothing at all
   */
  async #whileAlive<T>(answer: Promise<T>, hasBegun: () => boolean, giveUp: () => void): Promise<T> {
    const { aliveEvery } = this.#requester.options;
    if (aliveEvery === undefined) return answer;
    let isOver = false;
    let timer: NodeJS.Timeout | undefined;
    const dead = new Promise<never>((_, reject) => {
      const look = () => {
        if (isOver || hasBegun()) return;
        timer = setTimeout(() => {
          if (!hasBegun()) this.#requester.assertAlive(this.#options.signal).then(look, onDead);
        }, aliveEvery);
      };
      const onDead = (error: unknown) => {
        if (isOver || hasBegun()) return;
        giveUp();
        reject(error);
      };
      look();
    });
    return Promise.race([answer, dead]).finally(() => {
      isOver = true;
      clearTimeout(timer);
    });
  }

  async #request() {
    const { model = '', messages = [] } = this.#attempt;
    return {
      model,
      messages: await this.#wireMessages(messages),
      tools: this.#tools,
      options: this.#options,
    };
  }

  async #wireMessages(messages: readonly Message[]): Promise<WireMessage[]> {
    if (!usesToolMessages(messages)) return formatMessages(messages, { toolCalls: null });
    const toolCalls = await this.#facts.takesToolMessages();
    if (
      toolCalls === false &&
      !this.#recoverer.steps.some(({ action }) => action === 'tool-results-as-user-messages')
    ) {
      this.#recoverer.note({
        type: 'UNSUPPORTED_FEATURE',
        code: 'feature.unsupported-input',
        action: 'tool-results-as-user-messages',
        message: "The model's chat template knows no tools. Sending their results as user messages.",
      });
    }
    return formatMessages(messages, { toolCalls });
  }

  #unusableToolCall(partial: PartialAnswer): Promise<LlamactlError> {
    const [problem] = partial.toolCallProblems;
    const cut = partial.finishReason === 'length' ? ' (the answer was cut at its token limit)' : '';
    return errorOf(
      {
        type: 'INVALID_REQUEST',
        code: 'request.tool-call-parse',
        message: `the model's call of ${problem?.name || 'a tool'} cannot be used: ${problem?.reason ?? 'unreadable'}${cut}`,
        evidence: partial.toolCallProblems.map(
          ({ name, text }) => `${name || 'unnamed'}(${text.slice(0, 200)})`,
        ),
        details: { partial, visible: true },
      },
      this.#requester.errorContext(),
    );
  }

  #createRecoverer(onStep: (step: RecoveryStep) => void): Recoverer {
    const { signal, maxTokens } = this.#options;
    const requester = this.#requester;
    const call = { retries: 0, ...(signal === undefined ? {} : { signal }) };
    const count = async (messages: readonly Message[]) => {
      const wire = formatMessages(messages, { toolCalls: await this.#facts.takesToolMessages() });
      const prompt = await requester.call(applyTemplate(wire, this.#tools), call);
      return (await requester.call(tokenize({ content: prompt, addSpecial: true }), call)).length;
    };
    return new Recoverer({
      maxRetries: requester.maxRetries,
      fallback: requester.options.fallback ?? true,
      retryWindowMs: requester.options.retryWindow,
      loadingDeadlineMs: this.#options.timeout ?? requester.timeout,
      signals: [signal, requester.signal],
      hooks: {
        assertAlive: () => requester.assertAlive(signal),
        otherServer: (failure) => requester.canMove(failure),
        otherModel: async (failed = '') => {
          const others = (await this.#facts.models(call)).filter(
            ({ id, aliases }) => id !== failed && !aliases.includes(failed),
          );
          return firstUsable(others)?.id ?? null;
        },
        truncate: async ({ messages = [], model = '' }, error) => {
          const nCtx = error.details['nCtx'];
          const contextSize =
            typeof nCtx === 'number' ? nCtx : (await this.#facts.learnContextSize(model)).tokens;
          return truncateMessages(messages, { contextSize, maxTokens, count });
        },
      },
      onStep: (step) => {
        requester.events.emit('recovery', step);
        onStep(step);
      },
    });
  }
}

/**
 * A turn as an iterator. Nothing is sent before the first `next()`; leaving the loop early ends the request.
 * @param createTurn given what to listen to and the signal that ends it
 */
export function streamTurn(
  createTurn: (onStep: (step: RecoveryStep) => void, signal: AbortSignal) => ChatTurn,
): AsyncIterableIterator<ChatEvent> {
  const cancel = new AbortController();
  let current: StreamAttempt | undefined;
  const queue = new AsyncQueue<ChatEvent>({
    start: () => void drive(),
    pause: () => current?.pause(),
    resume: () => current?.resume(),
    cancel: () => {
      cancel.abort();
      current?.abort();
    },
  });
  const drive = async () => {
    const emit = (event: ChatEvent) => queue.push(event);
    try {
      const turn = createTurn((step) => emit({ type: 'recovery', step }), cancel.signal);
      await turn.streamed(emit, (attempt) => {
        current = attempt;
      });
      queue.end();
    } catch (error) {
      queue.fail(error);
    }
  };
  return queue;
}

/** A whole answer as the events of a stream. */
function* eventsOf(result: ChatResult): Iterable<ChatEvent> {
  if (result.reasoning !== '') yield { type: 'reasoning', text: result.reasoning };
  if (result.content !== '') yield { type: 'content', text: result.content };
  for (const [index, { id, name, arguments: given }] of result.toolCalls.entries()) {
    yield { type: 'tool-call-delta', index, id, name, arguments: JSON.stringify(given) };
  }
  yield { type: 'finish', result };
}
