import { advice, ofServer, serverRule } from '../rule.js';
import { memoryLimit, placeOfSetting, setting } from '../server.js';

const MIB = 1024 ** 2;
/** MiB of host memory that llama-server keeps prompts in, where nothing else is said. */
const DEFAULT = 8192;

/** Prompts are kept in host memory until it is full, which with a limit is the end of the server. */
export const promptCache = serverRule('prompt-cache', 'a prompt cache within the memory limit', (server) => {
  const limit = memoryLimit(server);
  const given = Number(setting(server, '--cache-ram')?.text ?? DEFAULT);
  if (limit === null || Number.isNaN(given)) return [];
  if (given >= 0 && given * MIB < limit) return [];
  const amount =
    given < 0 ? 'without a limit' : `of up to ${given} MiB${given === DEFAULT ? ' (the default)' : ''}`;
  return [
    {
      ...ofServer(server, [], {
        code: 'container.oom-killed',
        severity: 'warning',
        title: `the prompt cache ${amount} fills the ${Math.round(limit / MIB)} MiB that the container may have`,
        remedies: advice(
          'Give it what the model leaves over, in MiB:',
          `--cache-ram ${Math.max(0, Math.floor(limit / MIB / 8))}`,
        ),
      }),
      ...placeOfSetting(server, '--cache-ram'),
    },
  ];
});
