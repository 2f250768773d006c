import { type Check, type Conclusion, failed, finding, findingOf, passed, skipped } from '../check.js';
import type { Fact, Facts } from '../facts.js';

/** The server takes the key that is given, or needs none. `/health` is public and proves nothing. */
export const keyAccepted: Check = {
  id: 'key.accepted',
  title: 'the server takes the key, or needs none',
  category: 'key',
  needs: ['server.ready'],
  asks: ['props', 'health', 'access', 'models'],
  run(facts) {
    const { health, configured } = facts;
    const props = proofOf(facts);
    if (props.state === 'not-asked') return skipped(props.reason);
    if (props.state === 'failed' && props.error.type === 'AUTHENTICATION_ERROR') {
      const isPublic =
        facts.program === 'llama.cpp' && health.state === 'known' && health.value.responseTimeMs !== null;
      const evidence = [
        ...props.error.evidence,
        ...(isPublic ? ['GET /health → 200 (public, proves nothing)'] : []),
        ...(configured.keyOddity === null ? [] : [`the key ${configured.keyOddity}`]),
        ...(configured.keyGiven && configured.keyOrigin !== null
          ? [`the key is from: ${configured.keyOrigin}`]
          : []),
      ];
      return failed(configured.keyGiven ? 'refused' : 'needed, none given', {
        ...findingOf(props.error, 80),
        evidence,
      });
    }
    if (facts.access.state === 'known' && facts.access.value.limitRemaining !== null)
      return withinLimit(facts, facts.access.value.limitRemaining);
    return passed(configured.keyGiven ? 'accepted' : 'none needed');
  },
};

/** The answer that no server gives without the key that it wants: /health is public, and so is OpenRouter's list. */
function proofOf({ program, props, access, models }: Facts): Fact<unknown> {
  if (program === 'llama.cpp') return props;
  return program === 'openrouter' && access.state !== 'not-asked' ? access : models;
}

/** A key's own limit, in credits, which is all that OpenRouter tells of what is left. */
function withinLimit(facts: Facts, left: number): Conclusion {
  const summary = `accepted, ${left.toFixed(2)} credits left`;
  if (left > 0) return passed(summary);
  return failed(
    summary,
    finding('auth.wrong-key', facts, {
      title: "the key's credit is used up: every request will be refused (402)",
      evidence: [`GET /v1/key → limit_remaining ${left}`],
      rank: 80,
    }),
  );
}
