import { option, string } from '@oclif/core/flags';
import { durationFlag, fleetFlags } from './connection-flags.js';
import { reportFileFlag } from './report-files.js';

const FORMATS = ['table', 'json', 'junit', 'github'] as const;
export type HealthFormat = (typeof FORMATS)[number];

/** The flags of `health`. */
export const healthFlags = {
  ...fleetFlags,
  wait: durationFlag({
    description: 'wait until it is ready and has what is required, even if it is not there yet',
  }),
  require: string({
    char: 'r',
    description:
      'what it must have, e.g. ctx>=8192, model=NAME, idle>=1, tools; several may be given; a miss is exit 1',
    helpValue: 'EXPRESSION',
    multiple: true,
    multipleNonGreedy: true,
  }),
  format: option({
    options: FORMATS,
    description: 'what stdout is for',
    default: 'table',
    helpGroup: 'OUTPUT',
  })(),
  output: reportFileFlag(FORMATS)({
    description: 'write it to a file too; several may be given',
    multiple: true,
    multipleNonGreedy: true,
    helpGroup: 'OUTPUT',
  }),
};
