import { type RouterEvent, routerEventSchema } from '../wire/models.js';
import type { Exchange } from './http-types.js';
import type { Requester } from './requester.js';
import { SseDecoder } from './sse.js';

/** Milliseconds for the head of the answer. */
const HEAD_TIMEOUT = 5000;

/**
 * Listens to what a router's models do (`GET /models/sse`). Whatever goes wrong is the end: another look is the caller's to take.
 * @returns what stops it
 */
export function followRouterEvents(
  requester: Requester,
  onEvent: (event: RouterEvent) => void,
  onEnd: () => void,
): () => void {
  let stopped = false;
  let exchange: Exchange | undefined;
  const decoder = new SseDecoder({
    onMalformed: () => undefined,
    onEvent: ({ data }) => {
      const event = parse(data);
      if (event !== null && !stopped) onEvent(event);
    },
  });
  const end = () => {
    if (!stopped) onEnd();
    stopped = true;
  };
  const path = '/models/sse';
  requester.lease({ path }).then(({ transport }) => {
    if (stopped) return;
    exchange = transport.stream(
      { method: 'GET', path, timeoutMs: HEAD_TIMEOUT, closes: true },
      {
        onHead: ({ status }) => {
          if (status < 300) return;
          exchange?.abort();
          end();
        },
        onData: (bytes) => decoder.push(bytes),
        onEnd: end,
        onError: end,
      },
    );
  }, end);
  return () => {
    stopped = true;
    exchange?.abort();
  };
}

function parse(data: string): RouterEvent | null {
  try {
    const parsed = routerEventSchema.safeParse(JSON.parse(data));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
