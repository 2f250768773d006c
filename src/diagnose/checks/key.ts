import { type Check, findingOf } from '../check.js';

/** The server takes the key that is given, or needs none. `/health` is public and proves nothing. */
export const key: Check = {
  id: 'key',
  category: 'server',
  needs: ['server'],
  run({ props, health, configured }) {
    if (props.state === 'failed' && props.error.type === 'AUTHENTICATION_ERROR') {
      const status = health.state === 'known' ? `/health → 200 (public, proves nothing)` : '';
      const finding = findingOf(
        { ...props.error, evidence: [...props.error.evidence, ...(status === '' ? [] : [status])] },
        80,
      );
      return {
        status: 'fail',
        summary: configured.keyGiven ? 'refused' : 'needed, none given',
        findings: [finding],
      };
    }
    return { status: 'pass', summary: configured.keyGiven ? 'accepted' : 'none needed' };
  },
};
