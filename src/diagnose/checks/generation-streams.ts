import { type Check, failed, finding, passed, skipped } from '../check.js';
import { wasHeldBack } from '../gather/generation.js';

/** Tokens arrive as they are made, and not in one piece at the end. */
export const generationStreams: Check = {
  id: 'generation.streams',
  title: 'tokens arrive as they are made',
  category: 'generation',
  needs: ['generation.answers'],
  asks: ['generation'],
  run(facts) {
    const { generation } = facts;
    if (generation.state !== 'known') return skipped('there was no answer');
    const { kind, generatedMs, spreadMs, tokens, bursts, lagMs } = generation.value;
    if (kind === 'embedding') return skipped('the server does not chat');
    if (generatedMs === null && facts.program !== 'llama.cpp')
      return skipped('only a llama-server tells the times that it takes');
    if (!wasHeldBack(generation.value)) return passed(`${tokens} tokens, one after the other`);
    const title = 'something on the way buffers streams: the answer came in one piece';
    return failed(
      title,
      finding('network.proxy-interference', facts, {
        severity: 'warning',
        title,
        evidence: [
          `the server made ${tokens} tokens in ${Math.round(generatedMs ?? 0)} ms, and they arrived in ${bursts === 1 ? 'one piece' : `${bursts} pieces`} within ${Math.round(spreadMs)} ms${lagMs !== null && lagMs > 1000 ? `, ${Math.round(lagMs)} ms after they were ready` : ''}`,
        ],
        rank: 52,
      }),
    );
  },
};
