import { type Check, passed, skipped } from '../check.js';
import { processOf } from '../local-server.js';

/** Which process serves the port, and with which flags. */
export const machineProcess: Check = {
  id: 'machine.process',
  title: 'which flags the server runs with',
  category: 'machine',
  needs: [],
  asks: ['local'],
  run(facts) {
    if (facts.local.state !== 'known') return skipped('the server is on another machine');
    const process = processOf(facts);
    if (process === null) return skipped('no llama-server of this user on that port');
    const { pid, args, variables = [] } = process;
    const settings = [...args.map(quoted), ...variables].join(' ');
    return passed(`process ${pid}: ${settings || 'no flags'}`);
  },
};

/** As it would be typed: an empty or long argument is one all the same. */
function quoted(word: string): string {
  return /^[\w@%+=:,./*-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
