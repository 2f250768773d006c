import type { Finding } from '../../catalogue/entry.js';
import { type Check, count, failed, finding, passed, skipped } from '../check.js';
import type { Facts } from '../facts.js';

/** A prompt that is too long is refused, and not shortened without a word. */
export const contextOverflow: Check = {
  id: 'context.overflow',
  title: 'a prompt that is too long is refused',
  category: 'context',
  needs: ['key.accepted'],
  asks: ['props', 'deep'],
  run(facts) {
    const { overflow } = facts.deep;
    if (overflow.state === 'known') {
      const { sent, contextSize, accepted } = overflow.value;
      const proof = `sent ${count(sent)} tokens to a slot of ${count(contextSize)}`;
      return accepted
        ? failed(
            'accepted, and cut',
            silentlyCut(facts, 'warning', [`${proof}: the server took them without a word`]),
          )
        : passed(`refused: ${proof}`);
    }
    if (overflow.state === 'failed') return skipped(overflow.error.message);
    if (facts.props.state !== 'known' || facts.props.value.role === 'router') return skipped(overflow.reason);
    if (isOldBuild(facts)) {
      const evidence = [
        `/props has no "endpoint_slots": build ${facts.props.value.build_info ?? 'unknown'} is of 2025 or before`,
      ];
      return passed('an old build, which cuts it', silentlyCut(facts, 'info', evidence));
    }
    return passed('refused by this build');
  },
};

/** Builds that refuse tell their endpoints in /props; those of 2025-05, which do not, drop the middle (measured). */
export function isOldBuild({ props }: Facts): boolean {
  return (
    props.state === 'known' &&
    props.value.role !== 'router' &&
    props.value.endpoint_slots === undefined &&
    props.value.is_sleeping === undefined
  );
}

function silentlyCut(facts: Facts, severity: Finding['severity'], evidence: readonly string[]): Finding {
  return finding('context.overflow', facts, {
    severity,
    title: 'this build drops the middle of a prompt that is too long, without a word',
    evidence,
    rank: 45,
    remedies: [
      {
        text: 'Use a newer llama-server, which refuses such prompts (400):',
        commands: ['llamactl up --tiny --install'],
      },
      {
        text: 'Or count tokens before sending:',
        commands: [`llamactl tokenize --url ${facts.url} < prompt.txt`],
      },
    ],
  });
}
