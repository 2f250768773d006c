import assert from 'node:assert/strict';
import fc from 'fast-check';
import { truncateMessages } from '../../src/client/truncate.js';
import type { Message } from '../../src/client/types.js';

/** A token a character, and none for the template. */
const count = async (messages: readonly Message[]) =>
  messages.reduce((sum, { content }) => sum + String(content ?? '').length, 0);
const say = (role: Message['role'], length: number, more: Partial<Message> = {}): Message => ({
  role,
  content: 'x'.repeat(length),
  ...more,
});
const call = (id: string): Message =>
  say('assistant', 10, { tool_calls: [{ id, function: { name: 'f', arguments: '{}' } }] });
const result = (id: string): Message => say('tool', 30, { tool_call_id: id });

describe('truncateMessages', () => {
  it('leaves out the oldest turns, and only as many as it must', async () => {
    const messages = [
      say('system', 10),
      say('user', 50),
      say('assistant', 50),
      say('user', 20),
      say('assistant', 20),
      say('user', 10),
    ];
    const shorter = await truncateMessages(messages, { contextSize: 100, maxTokens: 20, count });
    assert.deepEqual(shorter?.messages, [messages[0], messages[3], messages[4], messages[5]]);
    assert.equal(shorter?.removed, 2);
  });

  it('never leaves out the system message or the newest message, and gives up instead', async () => {
    const messages = [say('system', 60), say('user', 60)];
    assert.equal(await truncateMessages(messages, { contextSize: 100, count }), null);
  });

  it('takes a tool call and its results out together, also in one long turn of an agent', async () => {
    const messages = [
      say('user', 10),
      call('a'),
      result('a'),
      call('b'),
      result('b'),
      call('c'),
      result('c'),
    ];
    const shorter = await truncateMessages(messages, { contextSize: 100, maxTokens: 0, count });
    assert.deepEqual(shorter?.messages, [messages[0], messages[3], messages[4], messages[5], messages[6]]);
  });

  it('keeps every result with its call, whatever the history', async () => {
    const turn = fc.oneof(
      fc.constant([say('user', 10), say('assistant', 10)]),
      fc.nat({ max: 99 }).map((n) => [say('user', 5), call(`c${n}`), result(`c${n}`), say('assistant', 5)]),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(turn, { maxLength: 8 }),
        fc.integer({ min: 40, max: 400 }),
        async (turns, contextSize) => {
          const messages = [say('system', 5), ...turns.flat(), say('user', 10)];
          const shorter = await truncateMessages(messages, { contextSize, maxTokens: 10, count });
          if (shorter === null) return;
          const kept = shorter.messages;
          assert.equal(kept[0]?.role, 'system');
          assert.equal(kept.at(-1), messages.at(-1));
          assert.ok(shorter.tokens <= contextSize - 10);
          kept.forEach((message, i) => {
            if (message.role === 'tool')
              assert.ok(
                kept
                  .slice(0, i)
                  .some(({ tool_calls }) => tool_calls?.some(({ id }) => id === message.tool_call_id)),
              );
          });
        },
      ),
    );
  });

  it('asks for a count a logarithmic number of times', async () => {
    let asked = 0;
    const messages = Array.from({ length: 2001 }, (_, i) => say(i % 2 === 0 ? 'user' : 'assistant', 10));
    await truncateMessages(messages, {
      contextSize: 1000,
      count: (some) => {
        asked++;
        return count(some);
      },
    });
    assert.ok(asked <= 13, `${asked} counts`);
  });
});
