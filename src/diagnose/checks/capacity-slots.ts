import { type Check, failed, finding, isHeldUpByWork, passed, skipped } from '../check.js';
import { wedgedFinding } from '../wedged.js';

/** A request would find a slot, and the busy ones move. */
export const capacitySlots: Check = {
  id: 'capacity.slots',
  title: 'a slot is free, and the busy ones move',
  category: 'capacity',
  needs: ['key.accepted'],
  asks: ['slots', 'metrics', 'local'],
  run(facts) {
    const { slots, metrics } = facts;
    const waiting = metrics.state === 'known' ? (metrics.value.requestsDeferred ?? 0) : 0;
    if (slots.state === 'not-asked') return skipped(slots.reason);
    if (slots.state === 'failed') {
      // Off, or (builds of 2025-05) waiting for the running task: no fault of the server's.
      return skipped(
        slots.error.code === 'feature.disabled' ? 'this server does not show them' : slots.error.message,
      );
    }
    const { total, busy, progressed, reading } = slots.value;
    const queue = waiting > 0 ? `, ${waiting} waiting` : '';
    const evidence = [
      `${busy} of ${total} slots busy, ${progressed ?? 0} tokens between two looks (/slots)`,
      ...(waiting > 0 ? [`llamacpp:requests_deferred ${waiting} (/metrics)`] : []),
    ];
    // Each open stream takes one of the HTTP threads, of which there are few by default.
    const unheard = [facts.props, facts.models].flatMap((fact) =>
      fact.state === 'failed' && isHeldUpByWork(facts, fact.error) ? fact.error.evidence : [],
    );
    // Nothing of a slot that reads its prompt moves until a batch is read, which can take a slow machine many seconds.
    if (busy > 0 && progressed === 0 && reading === 0 && busy >= total) {
      const title = 'every slot is taken and none moves';
      return failed(
        title,
        wedgedFinding(facts, finding('server.wedged', facts, { title, evidence, rank: 64 })),
      );
    }
    if (busy < total && waiting === 0) return passed(`${busy} of ${total} busy`);
    const title = `all ${total} slots are busy: further requests wait${queue === '' ? '' : ` (${waiting} do)`}`;
    return failed(
      `${busy} of ${total} busy${queue}`,
      finding('server.busy', facts, {
        severity: 'warning',
        title,
        evidence: [...evidence, ...unheard],
        rank: 50,
        remedies: [
          { text: 'See what they do:', commands: [`llamactl slots --url ${facts.url}`] },
          {
            text: 'Start it with more slots, and a context for each:',
            commands: [`llama-server -m MODEL -np ${total * 2} -c ${total * 2 * 4096}`],
          },
          ...(unheard.length === 0
            ? []
            : [
                {
                  text: 'Give HTTP more threads: what waits holds one each, and other questions get none:',
                  commands: ['llama-server -m MODEL --threads-http 32'],
                },
              ]),
        ],
      }),
    );
  },
};
