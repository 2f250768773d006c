import { replay } from '../../support/replay.js';
import { problem, type Scenario, warning } from '../scenario.js';
import { load, router } from './models.js';
import { configured, diagnose, nanocoder } from './ways.js';

const supposes = (nCtx: number) => ({ performance: { nCtx } });

/** What fits into a slot, and what is supposed to. */
export const CONTEXTS: readonly Scenario[] = [
  {
    id: 'context-shared',
    title: 'the configured context would do, but four slots share it',
    layer: 'context',
    setUp: async (lab) => {
      const { url } = await lab.server(['-c', '2048', '-np', '4', '--no-kv-unified']);
      return configured(lab, { baseUrl: url, ...supposes(2048) });
    },
    expect: problem('context.slot-too-small', {
      alone: true,
      mentions: [/512/, /2,048/, /llamactl\.config\.json:\d/, /-np 1/],
    }),
  },
  {
    id: 'context-too-small',
    title: 'the configured context is larger than the one slot',
    layer: 'context',
    setUp: async (lab) => {
      const { url } = await lab.server(['-c', '512', '-np', '1']);
      return configured(lab, { baseUrl: url, ...supposes(4096) });
    },
    expect: problem('context.slot-too-small', {
      alone: true,
      also: ['context.overflow'],
      mentions: [/512/, /4,096/],
    }),
  },
  {
    id: 'context-over-trained',
    title: 'the configured context is larger than the model was trained for, to which the server caps',
    layer: 'context',
    setUp: async (lab) => {
      const { url } = await lab.server(['-c', '16384', '-np', '1']);
      return configured(lab, { baseUrl: url, ...supposes(16_384) });
    },
    expect: problem('context.slot-too-small', {
      alone: true,
      also: ['context.overflow'],
      mentions: [/8,192/, /train/],
    }),
  },
  {
    id: 'context-of-nanocoder',
    title: "nanocoder's contextWindow is larger than the slot",
    layer: 'context',
    setUp: async (lab) =>
      nanocoder(lab, (await lab.server(['-c', '512', '-np', '1', '--alias', 'tiny'])).url, {
        contextWindow: 32_768,
      }),
    expect: problem('context.slot-too-small', {
      alone: true,
      also: ['context.overflow'],
      mentions: [/32,768/, /agents\.config\.json/],
    }),
  },
  {
    id: 'context-in-router',
    title: "a router's loaded model has less context than is configured",
    layer: 'context',
    setUp: async (lab) => {
      const url = await router(lab, '-np', '1');
      await load(url, 'alpha');
      return configured(lab, { baseUrl: url, models: ['alpha'], ...supposes(4096) });
    },
    expect: problem('context.slot-too-small', { alone: true, also: ['context.overflow'], mentions: [/512/] }),
  },
  {
    id: 'context-dropped-silently',
    title:
      'a build of 2025 with less context than is configured: it drops the middle of what is too long, without a word',
    layer: 'context',
    setUp: async (lab) => {
      const { url } = await lab.canned(replay('2025-05', ['default']));
      return configured(lab, { baseUrl: url, ...supposes(1024) });
    },
    // The same cause as ever, and another consequence: no error tells of it.
    expect: problem('context.slot-too-small', { alone: true, mentions: [/drop|silent|without a word/i] }),
  },
  {
    id: 'context-dropped-deep',
    title: 'the same build, asked with --deep whether it takes more than fits',
    layer: 'context',
    setUp: async (lab) => diagnose((await lab.canned(replay('2025-05', ['default']))).url, '--deep'),
    expect: warning('context.overflow', { alone: true, mentions: [/drop|silent|without a word/i] }),
  },
];
