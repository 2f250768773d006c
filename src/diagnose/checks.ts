import type { Check } from './check.js';
import { context } from './checks/context.js';
import { generation } from './checks/generation.js';
import { key } from './checks/key.js';
import { model } from './checks/model.js';
import { network } from './checks/network.js';
import { server } from './checks/server.js';
import { template } from './checks/template.js';

/** Every check, causes before their consequences. */
export const CHECKS: readonly Check[] = [network, server, key, model, context, template, generation];
