import type { Command } from '@oclif/core';

/** A module that exports one command as its default. */
export type CommandModule = { readonly default: Command.Class };

/** Every command, by oclif id. A command is loaded when it is run, or when help must be made without a manifest. */
export const COMMANDS: Readonly<Record<string, () => Promise<CommandModule>>> = {
  health: () => import('../commands/health.js'),
};

/** Topics: words that only group commands. */
export const TOPICS: Readonly<Record<string, { readonly description: string }>> = {};
