import { boolean, custom, string } from '@oclif/core/flags';
import { usageError } from '../../errors/llamactl-error.js';
import type { AlertRule } from '../../services/monitor/alerts.js';
import type { ExportAddress } from '../../services/monitor/exporter.js';
import { durationFlag } from '../connection-flags.js';

const SHORTEST = 100;

const alertFlag = custom<AlertRule>({
  helpValue: 'EXPRESSION',
  parse: async (text) => (await import('../../services/monitor/alerts.js')).parseAlert(text),
});

const addressFlag = custom<ExportAddress>({
  helpValue: 'HOST:PORT',
  parse: async (text) => (await import('../../services/monitor/exporter.js')).parseExportAddress(text),
});

const webhookFlag = custom<string>({
  helpValue: 'URL',
  parse: async (text) => {
    if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
    throw usageError(`${JSON.stringify(text)} is no http:// or https:// address for --alert-webhook`);
  },
});

const intervalFlag = custom<number>({
  helpValue: 'DURATION',
  parse: async (text) => {
    const { parseDuration } = await import('../../config/duration.js');
    const ms = parseDuration(text, 'an interval');
    if (ms < SHORTEST) throw usageError(`an interval of ${text} is too short: ${SHORTEST}ms at least`);
    return ms;
  },
});

/** What is watched how long, and where it goes. */
export const watchFlags = {
  interval: intervalFlag({ description: 'from one look to the next; 2s unless given' }),
  once: boolean({
    description: 'look twice, for the rates, and show that',
    exclusive: ['duration', 'export', 'exit-on-alert'],
  }),
  duration: durationFlag({ description: 'stop after so long' }),
  record: string({ description: 'write each line to a file too, after what it holds', helpValue: 'FILE' }),
  replay: string({
    description: 'show a recording instead of servers; ← → go through it',
    helpValue: 'FILE',
    exclusive: ['url', 'target', 'record', 'export', 'alert', 'exit-on-alert'],
  }),
  export: addressFlag({
    description: 'serve the figures to Prometheus; without a host for this machine only',
  }),
};

/** What rings, and what is done then. */
export const alertFlags = {
  alert: alertFlag({
    description: "ring when this holds, e.g. 'deferred>3 for 30s'; several may be given",
    multiple: true,
    multipleNonGreedy: true,
    helpGroup: 'ALERT',
  }),
  'exit-on-alert': boolean({
    description: 'end with exit code 1 at the first alert',
    dependsOn: ['alert'],
    helpGroup: 'ALERT',
  }),
  'alert-webhook': webhookFlag({
    description: 'send each alert there (POST, JSON)',
    dependsOn: ['alert'],
    helpGroup: 'ALERT',
  }),
  'alert-command': string({
    description: 'run this for each alert; the LLAMACTL_ALERT… variables tell it which',
    helpValue: 'COMMAND',
    dependsOn: ['alert'],
    helpGroup: 'ALERT',
  }),
};

/** What the flags above hold. */
export interface WatchFlags {
  readonly interval?: number | undefined;
  readonly once: boolean;
  readonly duration?: number | undefined;
  readonly record?: string | undefined;
  readonly export?: ExportAddress | undefined;
  readonly alert?: readonly AlertRule[] | undefined;
  readonly 'exit-on-alert': boolean;
  readonly 'alert-webhook'?: string | undefined;
  readonly 'alert-command'?: string | undefined;
}

/** Milliseconds from look to look, where nobody says. */
export const INTERVAL = 2000;
