import type { Finding } from '../../catalogue/entry.js';
import type { ModelInfo } from '../../client/types.js';
import { type Check, failed, finding, findingOf, passed, skipped } from '../check.js';
import type { Facts } from '../facts.js';

/** The server has the models that are asked for. */
export const modelServed: Check = {
  id: 'model.served',
  title: 'the server has the models that are asked for',
  category: 'model',
  needs: ['key.accepted'],
  asks: ['models', 'props'],
  run(facts) {
    const { models, configured } = facts;
    if (models.state === 'not-asked') return skipped(models.reason);
    if (models.state === 'failed') return failed(models.error.message, findingOf(models.error, 70));
    const list = models.value;
    const wanted = [
      ...new Set(configured.model === null ? configured.models : [configured.model, ...configured.models]),
    ];
    const missing = wanted.filter((name) => !has(list, name));
    const summary = describe(facts, list);
    if (missing.length === 0) return passed(summary);
    return failed(summary, ...missing.map((name) => missingModel(facts, list, name)));
  },
};

function missingModel(facts: Facts, list: readonly ModelInfo[], name: string): Finding {
  const isRouter = facts.props.state === 'known' && facts.props.value.role === 'router';
  const [first] = list;
  const near = list.find(({ id }) => id.toLowerCase().includes(name.toLowerCase())) ?? first;
  return finding('model.not-found', facts, {
    // A single-model server answers with its own model and says nothing.
    severity: isRouter && name === (facts.configured.model ?? name) ? 'error' : 'warning',
    title: isRouter
      ? `the router has no model "${name}"`
      : `the server has no model "${name}" and ignores the name: ${first?.id ?? 'its own'} answers`,
    evidence: [`/v1/models lists ${list.map(({ id }) => id).join(', ') || 'nothing'}`],
    rank: 70,
    remedies: [
      {
        text: 'Ask for a model that it has:',
        commands:
          near === undefined
            ? [`llamactl models --url ${facts.url}`]
            : [`llamactl chat --url ${facts.url} --model ${near.id} 'Hello'`],
      },
      isRouter
        ? { text: 'Or put the model into its folder:', commands: ['llama-server --models-dir DIR'] }
        : { text: 'Or give its model that name:', commands: [`llama-server -m MODEL --alias ${name}`] },
    ],
  });
}

function has(list: readonly ModelInfo[], name: string): boolean {
  return list.some(({ id, aliases }) => id === name || aliases.includes(name));
}

function describe({ props }: Facts, list: readonly ModelInfo[]): string {
  const [first] = list;
  if (props.state === 'known' && props.value.role === 'router') {
    const loaded = list.filter(({ status }) => status === 'ready').length;
    return `router, ${loaded} of ${list.length} loaded`;
  }
  return first === undefined ? 'none' : [first.id, first.quantization].filter(Boolean).join(' ');
}
