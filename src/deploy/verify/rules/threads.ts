import { advice, ofServer, serverRule } from '../rule.js';
import { cpuLimit, placeOfSetting, setting } from '../server.js';

/** llama-server counts the CPUs of the machine, not those of its quota. */
export const threads = serverRule('threads', 'no more threads than CPUs', (server) => {
  const limit = cpuLimit(server);
  if (limit === null) return [];
  const given = setting(server, '--threads')?.text ?? '-1';
  if (given.includes('$')) return [];
  const number = Number(given);
  const fits = Math.max(1, Math.floor(limit));
  const remedies = advice('Set it to the CPU limit, a whole number:', `--threads ${fits}`);
  const where = placeOfSetting(server, '--threads');
  if (number > 0 && number <= Math.ceil(limit)) return [];
  const title =
    number > 0
      ? `${number} threads, and ${limit} CPUs: with more threads than CPUs it is 4 to 40 times slower`
      : `no --threads, and a limit of ${limit} CPUs: llama-server does not see the limit, and takes all cores`;
  return [
    {
      ...ofServer(server, [], {
        code: 'server.busy',
        severity: 'warning',
        title,
        evidence: [`CPU limit: ${limit}`],
        remedies,
      }),
      ...where,
    },
  ];
});
