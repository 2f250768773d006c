import { type Check, failed, findingOf, passed, skipped } from '../check.js';

/** The server takes the key that is given, or needs none. `/health` is public and proves nothing. */
export const keyAccepted: Check = {
  id: 'key.accepted',
  title: 'the server takes the key, or needs none',
  category: 'key',
  needs: ['server.ready'],
  asks: ['props', 'health'],
  run({ props, health, configured }) {
    if (props.state === 'not-asked') return skipped(props.reason);
    if (props.state === 'failed' && props.error.type === 'AUTHENTICATION_ERROR') {
      const isPublic = health.state === 'known' && health.value.responseTimeMs !== null;
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
    return passed(configured.keyGiven ? 'accepted' : 'none needed');
  },
};
