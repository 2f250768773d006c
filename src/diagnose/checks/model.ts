import type { Finding } from '../../catalogue/entry.js';
import { type Check, findingOf } from '../check.js';

/** The server has the models that are asked for. */
export const model: Check = {
  id: 'model',
  category: 'model',
  needs: ['key'],
  run({ models, configured, props }) {
    if (models.state === 'not-asked') return { status: 'skip', summary: models.reason };
    if (models.state === 'failed')
      return { status: 'fail', summary: models.error.message, findings: [findingOf(models.error, 70)] };
    const list = models.value;
    const isRouter = props.state === 'known' && props.value.role === 'router';
    const [first] = list;
    const broken = list.filter(({ status }) => status === 'failed');
    const wanted = configured.model === null ? configured.models : [configured.model];
    const missing = wanted.filter(
      (name) => !list.some(({ id, aliases }) => id === name || aliases.includes(name)),
    );
    const findings: Finding[] = [
      ...missing.map(
        (name): Finding => ({
          code: 'model.not-found',
          // A single-model server answers with its own model and says nothing.
          severity: isRouter ? 'error' : 'warning',
          title: isRouter
            ? `the router has no model "${name}"`
            : `the server has no model "${name}" and would ignore the name`,
          evidence: [`/v1/models lists ${list.map(({ id }) => id).join(', ') || 'nothing'}`],
          remedies: [
            {
              text: 'Ask for a model that it has:',
              commands:
                first === undefined ? ['llamactl models'] : [`llamactl chat --model ${first.id} 'Hello'`],
            },
            { text: 'Or give its model that name:', commands: [`llama-server -m MODEL --alias ${name}`] },
          ],
          rank: 70,
        }),
      ),
      ...broken.map(
        ({ id }): Finding => ({
          code: 'model.load-failed',
          severity: id === configured.model ? 'error' : 'warning',
          title: `the model "${id}" failed to load`,
          evidence: [`/v1/models → ${id}: failed`],
          remedies: [
            { text: "Read the router's log for the cause:", commands: ['llamactl explain SERVER.log'] },
          ],
          rank: 68,
        }),
      ),
    ];
    const loaded = list.filter(({ status }) => status === 'ready').length;
    const summary = isRouter
      ? `router, ${loaded} of ${list.length} loaded`
      : first === undefined
        ? 'none'
        : [first.id, first.quantization].filter(Boolean).join(' ');
    if (findings.some(({ severity }) => severity === 'error')) return { status: 'fail', summary, findings };
    return findings.length > 0 ? { status: 'warn', summary, findings } : { status: 'pass', summary };
  },
};
