import type { Finding } from '../../catalogue/entry.js';
import { SERVER_NAMES } from '../../catalogue/identify-server.js';
import type { ModelInfo } from '../../client/types.js';
import { nearest } from '../../errors/nearest.js';
import { chosenModel } from '../../services/window.js';
import {
  type Check,
  type Conclusion,
  failed,
  finding,
  findingOf,
  isHeldUpByWork,
  passed,
  skipped,
} from '../check.js';
import type { Facts } from '../facts.js';

/** The server has the models that are asked for. */
export const modelServed: Check = {
  id: 'model.served',
  title: 'the server has the models that are asked for',
  category: 'model',
  needs: ['key.accepted'],
  asks: ['models', 'props', 'otherSlots', 'slots'],
  run(facts) {
    const { models, configured } = facts;
    if (models.state === 'not-asked') return skipped(models.reason);
    if (models.state === 'failed' && isHeldUpByWork(facts, models.error))
      return skipped('the server is too busy to tell');
    if (models.state === 'failed') return failed(models.error.message, findingOf(models.error, 70));
    const list = models.value;
    const wanted = [
      ...new Set(configured.model === null ? configured.models : [configured.model, ...configured.models]),
    ];
    const missing = wanted.filter((name) => !has(list, name));
    if (facts.program !== 'llama.cpp') return servedElsewhere(facts, list, missing);
    const summary = describe(facts, list);
    const isRouter = facts.props.state === 'known' && facts.props.value.role === 'router';
    if (isRouter && list.length === 0) return failed('no model at all', noModels(facts));
    const unusable = configured.model === null ? null : obstacleTo(facts, list, configured.model);
    if (unusable !== null) return failed(summary, unusable);
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
    evidence: [
      `/v1/models lists ${list.map(({ id }) => id).join(', ') || 'nothing'}`,
      ...(facts.configured.modelOrigin === null || facts.configured.modelOrigin === 'flag'
        ? []
        : [`"${name}" is asked for in: ${facts.configured.modelOrigin}`]),
    ],
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

/** Other servers refuse a name that they do not have; what is not in memory they load. */
function servedElsewhere(facts: Facts, list: readonly ModelInfo[], missing: readonly string[]): Conclusion {
  const { configured, program, url } = facts;
  const chosen = chosenModel(list, configured.model);
  const others = list.length > 1 ? `, ${list.length - 1} more` : '';
  const memory =
    chosen !== null && chosen.status !== 'ready' ? `, ${MEMORY[chosen.status] ?? chosen.status}` : '';
  const summary =
    chosen === null ? `no "${configured.model}", ${list.length} others` : `${chosen.id}${memory}${others}`;
  if (list.length === 0)
    return failed(
      'no model at all',
      finding('model.not-found', facts, {
        title: `${SERVER_NAMES[program]} has no model at all: every request fails`,
        evidence: [`${program === 'ollama' ? '/api/tags' : '/v1/models'} lists nothing`],
        rank: 70,
      }),
    );
  if (missing.length === 0) return passed(summary);
  return failed(
    summary,
    ...missing.map((name) => {
      const near = nearest(
        name,
        list.map(({ id }) => id),
      );
      return finding('model.not-found', facts, {
        // A gateway may pass on more names than it lists.
        severity: program !== 'unknown' && name === (configured.model ?? name) ? 'error' : 'warning',
        title: `${program === 'unknown' ? 'the server' : SERVER_NAMES[program]} has no model "${name}"${near === null ? '' : `: did you mean "${near}"?`}`,
        evidence: [
          `it has ${someOf(list)}`,
          ...(configured.modelOrigin === null || configured.modelOrigin === 'flag'
            ? []
            : [`"${name}" is asked for in: ${configured.modelOrigin}`]),
        ],
        rank: 70,
        context: { model: name, url },
      });
    }),
  );
}

const MEMORY: Readonly<Partial<Record<ModelInfo['status'], string>>> = {
  unloaded: 'not in memory: the first request loads it',
  loading: 'loading',
};

function someOf(list: readonly ModelInfo[]): string {
  const names = list.map(({ id }) => id);
  return names.length <= 8
    ? names.join(', ')
    : `${names.slice(0, 7).join(', ')} and ${names.length - 7} more`;
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

function noModels(facts: Facts): Finding {
  return finding('model.not-found', facts, {
    title: 'the router has no model at all: every request fails',
    evidence: ['/v1/models lists nothing'],
    rank: 70,
    remedies: [
      { text: 'Give it a folder of .gguf files:', commands: ['llama-server --models-dir DIR'] },
      { text: 'Or start a server for one model:', commands: ['llama-server -m MODEL'] },
    ],
  });
}

/** Why a model that the router knows could not be used now; null where it could. */
function obstacleTo(facts: Facts, list: readonly ModelInfo[], name: string): Finding | null {
  if (facts.props.state !== 'known' || facts.props.value.role !== 'router') return null;
  const model = list.find(({ id, aliases }) => id === name || aliases.includes(name));
  if (model === undefined) return null;
  const evidence = [`/v1/models → ${model.id}: ${model.status}`];
  if (model.status === 'loading' || model.status === 'downloading') {
    return finding('server.loading', facts, {
      title: `the router is ${model.status} the model "${model.id}"`,
      evidence,
      rank: 70,
      context: { model: model.id },
    });
  }
  if (model.status !== 'unloaded') return null;
  if (facts.props.value.models_autoload === false) {
    return finding('model.not-found', facts, {
      title: `the router's model "${model.id}" is not loaded, and it loads none by itself`,
      evidence: [...evidence, '/props → models_autoload: false'],
      rank: 70,
      remedies: [
        {
          text: 'Have it loaded:',
          commands: [`curl ${facts.url}/models/load -d '{"model":"${model.id}"}'`],
        },
        {
          text: 'Or let the router load what is asked for: start it without --no-models-autoload.',
          commands: [],
        },
      ],
    });
  }
  const loaded = list.filter(({ status }) => status === 'ready' || status === 'asleep');
  const limit = facts.props.value.max_instances ?? 0;
  const busy = facts.otherSlots.state === 'known' && facts.otherSlots.value.busy > 0;
  if (limit === 0 || loaded.length < limit || !busy) return null;
  return finding('model.router-limit', facts, {
    severity: 'warning',
    title: `the router holds ${limit} of ${limit} models and they are busy: "${model.id}" has to wait`,
    evidence: [...evidence, `loaded: ${loaded.map(({ id }) => id).join(', ')} (max_instances ${limit})`],
    rank: 60,
  });
}
