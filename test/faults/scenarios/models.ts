import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tinyModel } from '../../support/real-server.js';
import { replay } from '../../support/replay.js';
import type { Lab } from '../lab.js';
import { problem, type Scenario, warning } from '../scenario.js';
import { ask, busySlots, configured, diagnose, occupy, until } from './ways.js';

const SINGLE = ['-c', '512', '--alias', 'tiny'];

/** A router's folder: two models, and one that is none. */
export async function modelsFolder(lab: Lab): Promise<string> {
  const folder = lab.folder();
  for (const name of ['alpha', 'beta']) copyFileSync(await tinyModel(), join(folder, `${name}.gguf`));
  writeFileSync(join(folder, 'broken.gguf'), 'this is no model');
  return folder;
}

/** A router with the models of a folder, none of them loaded. */
export async function router(lab: Lab, ...args: readonly string[]): Promise<string> {
  const folder = await modelsFolder(lab);
  const server = await lab.own(['--models-dir', folder, '-c', '512', ...args], { model: null });
  return server.url;
}

export async function load(url: string, model: string): Promise<void> {
  await ask(`${url}/models/load`, { model });
  await until(`${model} is loaded or has failed`, async () => {
    const status = await statusOf(url, model);
    return status.value === 'loaded' || status.failed === true;
  });
}

export async function statusOf(url: string, model: string): Promise<{ value: string; failed?: boolean }> {
  const { data } = JSON.parse((await ask(`${url}/models`)).body);
  return data.find(({ id }: { id: string }) => id === model).status;
}

async function brokenRouter(lab: Lab): Promise<string> {
  const url = await router(lab);
  await load(url, 'broken');
  return url;
}

export const MODELS: readonly Scenario[] = [
  {
    id: 'model-ignored',
    title: '--model names what a server of one model does not serve: it would ignore the name',
    layer: 'models',
    setUp: async (lab) => diagnose((await lab.server(SINGLE)).url, '--model', 'qwen3-4b'),
    expect: warning('model.not-found', { alone: true, mentions: [/qwen3-4b/, /tiny/] }),
  },
  {
    id: 'model-ignored-configured',
    title: 'the same, of the configuration',
    layer: 'models',
    setUp: async (lab) => configured(lab, { baseUrl: (await lab.server(SINGLE)).url, models: ['qwen3-4b'] }),
    expect: warning('model.not-found', { alone: true, mentions: [/llamactl\.config\.json:/] }),
  },
  {
    id: 'model-ignored-strict',
    title: 'the same, with --strict',
    layer: 'models',
    setUp: async (lab) => diagnose((await lab.server(SINGLE)).url, '--model', 'qwen3-4b', '--strict'),
    expect: warning('model.not-found', { alone: true, exit: 3 }),
  },
  {
    id: 'model-unknown-to-router',
    title: 'the router has no such model: every request fails',
    layer: 'models',
    setUp: async (lab) => diagnose(await router(lab), '--model', 'qwen3-4b'),
    expect: problem('model.not-found', { alone: true, mentions: [/qwen3-4b/, /alpha/] }),
  },
  {
    id: 'model-failed-to-load',
    title: 'the model that is asked for failed to load in the router',
    layer: 'models',
    setUp: async (lab) => diagnose(await brokenRouter(lab), '--model', 'broken'),
    expect: problem('model.load-failed', {
      alone: true,
      also: ['model.corrupt'],
      mentions: [/broken\.gguf|exit/],
    }),
  },
  {
    id: 'other-model-failed-to-load',
    title: 'a model that nobody asked for failed to load in the router',
    layer: 'models',
    setUp: async (lab) => diagnose(await brokenRouter(lab)),
    expect: warning('model.load-failed', { alone: true, mentions: [/broken/] }),
  },
  {
    id: 'router-without-models',
    title: 'a router that found no model at all',
    layer: 'models',
    setUp: async (lab) => {
      const folder = lab.folder();
      const server = await lab.own(['--models-dir', folder], { model: null, env: { HOME: folder } });
      return diagnose(server.url);
    },
    expect: problem('model.not-found', { alone: true }),
  },
  {
    id: 'router-loads-only-when-told',
    title: 'a router with --no-models-autoload, and the model is not loaded',
    layer: 'models',
    setUp: async (lab) => diagnose(await router(lab, '--no-models-autoload'), '--model', 'beta'),
    expect: problem('model.not-found', { alone: true, mentions: [/load/, /beta/] }),
  },
  {
    id: 'router-at-its-limit',
    title: 'the router holds as many models as it may, the one is busy, and another is asked for',
    layer: 'models',
    setUp: async (lab) => {
      const url = await router(lab, '--models-max', '1', '-np', '1', '--context-shift', '-t', '1');
      await load(url, 'alpha');
      occupy(lab, url, { model: 'alpha' });
      await busySlots(url, 1, '?model=alpha');
      return {
        ...diagnose(url, '--model', 'beta'),
        verify: async () => {
          const { value } = await statusOf(url, 'beta');
          if (value !== 'unloaded') throw new Error(`diagnose had beta loaded: ${value}`);
        },
      };
    },
    expect: warning('model.router-limit', { alone: true, also: ['server.busy'], mentions: [/alpha/] }),
  },
  {
    id: 'router-refuses-over-limit',
    title: 'the router answers "model limit reached"',
    layer: 'models',
    setUp: async (lab) => {
      const { url } = await lab.canned({
        ...replay('v0.6.0', ['router']),
        'POST /v1/chat/completions': {
          status: 500,
          headers: { server: 'llama.cpp' },
          body: {
            error: { code: 500, message: 'model limit reached, try again later', type: 'server_error' },
          },
        },
      });
      return diagnose(url, '--model', 'beta', '--wake');
    },
    expect: problem('model.router-limit', { alone: true }),
  },
];
