import { boolean, custom, string } from '@oclif/core/flags';
import { isCatalogueCode } from '../errors/codes.js';
import { usageError } from '../errors/llamactl-error.js';
import { REPORT_FORMATS } from '../render/diagnosis-formats.js';
import { durationFlag } from './connection-flags.js';
import { formatFlags, type ReportFile } from './report-files.js';

export const FORMATS = ['table', 'json', ...REPORT_FORMATS] as const;
export type Format = (typeof FORMATS)[number];

const failOn = custom<string>({
  helpValue: 'WHAT',
  parse: async (text) => {
    if (['error', 'warning', 'never'].includes(text) || isCatalogueCode(text)) return text;
    throw usageError(
      `${JSON.stringify(text)} is none of error, warning, never, nor a code of llamactl explain --list`,
    );
  },
});

/** What is asked, and of what. */
export const askingFlags = {
  wake: boolean({
    description: 'ask a sleeping model too, which wakes it, and one of a router, which loads it',
  }),
  deep: boolean({
    description: 'ask what costs the server some work: a tool call, a prompt that is too long',
  }),
  only: string({
    description: 'run this check alone, with what it needs; * stands for anything',
    helpValue: 'CHECK',
    multiple: true,
    multipleNonGreedy: true,
  }),
  skip: string({
    description: 'leave this check out',
    helpValue: 'CHECK',
    multiple: true,
    multipleNonGreedy: true,
  }),
  dashboard: string({
    description: 'check that the metrics which this dashboard or rule file asks for are there',
    helpValue: 'FILE',
    multiple: true,
    multipleNonGreedy: true,
  }),
  fix: boolean({
    description: 'mend what is wrong in the configuration (address, model, context), after asking',
    exclusive: ['watch', 'from', 'logs'],
  }),
  yes: boolean({ char: 'y', description: 'do not ask before --fix writes', dependsOn: ['fix'] }),
  watch: durationFlag({ description: 'ask again so often, and print only what changed' }),
};

/** In place of a live server. */
export const inputFlags = {
  logs: string({
    description: 'read the log of a server; - is stdin',
    helpValue: 'FILE',
    exclusive: ['url', 'target', 'wake', 'deep', 'only', 'skip', 'watch', 'from', 'bundle', 'dashboard'],
    helpGroup: 'INPUT',
  }),
  from: string({
    description: 'judge what a bundle holds, on any machine',
    helpValue: 'BUNDLE',
    exclusive: ['url', 'target', 'wake', 'deep', 'watch', 'bundle', 'dashboard'],
    helpGroup: 'INPUT',
  }),
  diff: string({
    description: 'tell what changed from one bundle (or document of --json) to another: --diff A B',
    helpValue: 'BUNDLE',
    multiple: true,
    exclusive: ['url', 'target', 'logs', 'from', 'watch', 'bundle'],
    helpGroup: 'INPUT',
  }),
};

/** Where the diagnosis goes, and what makes the command fail. */
export const reportFlags = {
  ...formatFlags(FORMATS),
  bundle: string({
    description: 'write all that is known into a .tar.gz to be handed on, secrets taken out',
    helpValue: 'FILE',
    helpGroup: 'OUTPUT',
  }),
  strict: boolean({ description: 'exit 3 where there are warnings', helpGroup: 'OUTPUT' }),
  'fail-on': failOn({
    description:
      'what makes the exit code 1: error (default), warning, never, or a code; several may be given',
    multiple: true,
    multipleNonGreedy: true,
    helpGroup: 'OUTPUT',
  }),
  'list-checks': boolean({ description: 'list all checks', helpGroup: 'OUTPUT' }),
};

/** Milliseconds for a whole diagnosis, where none are given: short for somebody waiting, enough for a slow first token. */
const DEADLINE = 10_000;

interface AskingFlags {
  readonly wake: boolean;
  readonly deep: boolean;
  readonly insecure: boolean;
  readonly 'ca-cert'?: string | undefined;
  readonly timeout?: number | undefined;
  readonly only?: readonly string[] | undefined;
  readonly skip?: readonly string[] | undefined;
  readonly config?: string | undefined;
  readonly dashboard?: readonly string[] | undefined;
}

/** The flags as the options of a diagnosis. */
export function askingOptions(flags: AskingFlags) {
  const { wake, deep, insecure, config, timeout: deadlineMs = DEADLINE, only = [], skip = [] } = flags;
  const { 'ca-cert': caCert, dashboard: dashboards = [] } = flags;
  return { wake, deep, insecure, config, caCert, deadlineMs, dashboards, selection: { only, skip } };
}

interface ReportFlags {
  readonly format: Format;
  readonly verbose: boolean;
  readonly strict: boolean;
  readonly output?: readonly ReportFile<Format>[] | undefined;
  readonly 'fail-on'?: readonly string[] | undefined;
}

/** The flags as the options of a report. */
export function reportOptions({
  format,
  verbose,
  strict,
  output: files = [],
  'fail-on': failOn,
}: ReportFlags) {
  return { format, verbose, strict, files, failOn };
}
