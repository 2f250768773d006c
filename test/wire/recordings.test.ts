import assert from 'node:assert/strict';
import { classify } from '../../src/catalogue/classify.js';
import { completionSchema } from '../../src/wire/completion.js';
import { routerEventSchema } from '../../src/wire/models.js';
import { eventStreams, recordings, stoppedStreams } from '../support/fixtures.js';
import { eventsOf, exceptionOf, hold } from './expectation.js';
import { EXPECTED as OF_LLAMA_SERVER } from './expected.js';
import { EXPECTED_OF_OLLAMA } from './expected-of-ollama.js';

const EXPECTED = { ...OF_LLAMA_SERVER, ollama: EXPECTED_OF_OLLAMA };

// Every exchange that was recorded with four builds of llama-server and two of Ollama: what succeeded passes our schemas and says what we take it to say,
// what failed is classified as facts/llama-server.md has it.
describe('recorded exchanges with real servers', () => {
  for (const { build, name, exchanges } of recordings()) {
    describe(`${build} ${name}`, () => {
      const seen = new Map<string, number>();
      for (const exchange of exchanges) {
        const { label } = exchange;
        const nth = (seen.get(label) ?? 0) + 1;
        seen.set(label, nth);
        it(`${label}${nth === 1 ? '' : ` (${nth})`}`, () => {
          const row = (EXPECTED as typeof OF_LLAMA_SERVER)[name]?.[label];
          assert.ok(row !== undefined, `no expectation stands for ${name} "${label}": add a row`);
          hold(row, exchange, build);
        });
      }
    });
  }

  it('leaves no row of the table unused', () => {
    const recordedLabels = new Set(
      recordings().flatMap(({ name, exchanges }) => exchanges.map(({ label }) => `${name} ${label}`)),
    );
    const rows = Object.entries(EXPECTED).flatMap(([name, row]) =>
      Object.keys(row).map((label) => `${name} ${label}`),
    );
    assert.deepEqual(
      rows.filter((row) => !recordedLabels.has(row)),
      [],
    );
  });
});

describe('recorded streams that a signal ended', () => {
  for (const { build, signal, stream } of stoppedStreams()) {
    it(`${build}, ${signal}: whole events to the last, no end, and a stream cut in the middle`, () => {
      // The recording's tail begins in mid-event.
      const tail = stream.tail.slice(stream.tail.indexOf('data: '));
      const chunks = eventsOf(tail).map((data) => completionSchema.parse(JSON.parse(data)));
      assert.ok(chunks.length >= 2);
      for (const { stop } of chunks) assert.equal(stop, false);
      assert.equal(
        /\n\n:\n\n$/.test(tail),
        signal === 'SIGTERM',
        'only a server that waits sends keep-alives',
      );
      const found = classify({
        kind: 'exception',
        url: 'http://127.0.0.1:8080/completion',
        method: 'POST',
        path: '/completion',
        sentKey: false,
        phase: 'stream',
        error: exceptionOf(stream.err),
      });
      assert.equal(found.type, 'STREAMING_ERROR');
      assert.equal(found.code, 'stream.truncated');
    });
  }
});

describe("recorded events of routers' /models/sse", () => {
  for (const { build, text } of eventStreams()) {
    it(`${build}: loads, loads with progress, is loaded, is unloaded, fails`, () => {
      const events = eventsOf(text).map((data) => routerEventSchema.parse(JSON.parse(data)));
      const told = (model: string) =>
        events
          .filter((event) => event.model === model)
          .map(({ event, data }) =>
            [
              event,
              data.status,
              ...(data.progress ? [`${data.progress.current} ${data.progress.value}`] : []),
              ...(data.info ? [`${data.info.id} ${data.info.meta?.n_ctx}`] : []),
              ...(data.exit_code === undefined ? [] : [`exit ${data.exit_code}`]),
            ].join(' '),
          );
      const loads = (model: string) => [
        'model_status loading',
        'status_change loading text_model 0',
        'status_change loading text_model 1',
        `status_change loaded ${model} 512`,
        'status_change unloaded exit 0',
      ];
      const failure = [
        'model_status loading',
        'status_change loading text_model 0',
        'status_change unloaded exit 1',
      ];
      assert.deepEqual(told('alpha'), loads('alpha'));
      assert.deepEqual(told('beta'), loads('beta'));
      // v0.1.0 was asked for it twice.
      assert.deepEqual(told('broken'), build === 'v0.1.0' ? [...failure, ...failure] : failure);
    });
  }
});
