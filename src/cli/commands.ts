import type { Command } from '@oclif/core';

/** A module that exports one command as its default. */
export type CommandModule = { readonly default: Command.Class };

/** Every command, by oclif id. A command is loaded when it is run, or when help must be made without a manifest. */
export const COMMANDS: Readonly<Record<string, () => Promise<CommandModule>>> = {
  bench: () => import('../commands/bench.js'),
  chat: () => import('../commands/chat.js'),
  'config:init': () => import('../commands/config/init.js'),
  'config:migrate': () => import('../commands/config/migrate.js'),
  'config:schema': () => import('../commands/config/schema.js'),
  'config:set-key': () => import('../commands/config/set-key.js'),
  'config:show': () => import('../commands/config/show.js'),
  'config:validate': () => import('../commands/config/validate.js'),
  'deploy-gen:docker-compose': () => import('../commands/deploy-gen/docker-compose.js'),
  'deploy-gen:k8s': () => import('../commands/deploy-gen/k8s.js'),
  'deploy-gen:verify': () => import('../commands/deploy-gen/verify.js'),
  detokenize: () => import('../commands/detokenize.js'),
  diagnose: () => import('../commands/diagnose.js'),
  explain: () => import('../commands/explain.js'),
  health: () => import('../commands/health.js'),
  metrics: () => import('../commands/metrics.js'),
  'metrics:watch': () => import('../commands/metrics/watch.js'),
  models: () => import('../commands/models.js'),
  props: () => import('../commands/props.js'),
  'provider:list': () => import('../commands/provider/list.js'),
  'provider:test': () => import('../commands/provider/test.js'),
  'provider:use': () => import('../commands/provider/use.js'),
  slots: () => import('../commands/slots.js'),
  tokenize: () => import('../commands/tokenize.js'),
  up: () => import('../commands/up.js'),
};

/** Topics: words that only group commands. */
export const TOPICS: Readonly<Record<string, { readonly description: string }>> = {
  config: { description: 'Check, show, write and migrate configuration files.' },
  'deploy-gen': {
    description: 'Write Docker Compose or Kubernetes files that run a model, and check such files.',
  },
  provider: { description: 'The configured servers, of every kind.' },
};
