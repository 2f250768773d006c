import { string } from '@oclif/core/flags';
import { durationFlag, fleetFlags } from './connection-flags.js';
import { formatFlags } from './report-files.js';

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
  ...formatFlags(FORMATS),
};
