import type { Finding } from '../catalogue/entry.js';
import type { Remedy } from '../errors/llamactl-error.js';
import type { Facts } from './facts.js';
import { processOf } from './local-server.js';

/**
 * A finding that a server does not get on, with who that is on this machine, and how that one alone is looked at and ended:
 * by its name (`pkill`) the servers that are well would end, too.
 */
export function wedgedFinding(facts: Facts, found: Finding): Finding {
  if (facts.program !== 'llama.cpp') return found;
  const process = processOf(facts);
  if (process !== null) {
    return {
      ...found,
      evidence: [...found.evidence, `llama-server is process ${process.pid}`],
      remedies: remediesFor(facts, process.pid),
    };
  }
  const holder = facts.local.state === 'known' ? facts.local.value.holder : null;
  if (holder === null)
    return { ...found, remedies: found.remedies.filter((remedy) => !repeats(remedy, facts)) };
  const { name, pid } = holder;
  return {
    ...found,
    evidence: [...found.evidence, `port held by ${name} (process ${pid})`],
    remedies: [
      {
        text: `See what ${name} is: a tunnel or proxy whose other end is gone, or a stranger:`,
        commands: [`ps -o pid,stat,etime,args -p ${pid}`],
      },
      { text: 'See which llama-servers answer on this machine:', commands: ['llamactl diagnose'] },
      { text: `Where ${name} is not needed, end it:`, commands: [`kill ${pid}`] },
    ],
  };
}

function remediesFor({ url, health }: Facts, pid: number): Remedy[] {
  const slots = { text: 'See what the slots do:', commands: [`llamactl slots --url ${url}`] };
  return [
    { text: 'See what its threads wait for:', commands: [`ps -L -o tid,stat,wchan:20,pcpu,comm -p ${pid}`] },
    // One that answers nothing will not answer that.
    ...(health.state === 'known' ? [slots] : []),
    {
      text: 'Restart it, with force if it does not stop:',
      commands: ['systemctl restart llama-server', `kill -9 ${pid}`],
    },
  ];
}

/** Whether a remedy is only what was done just now. */
function repeats({ commands }: Remedy, { url }: Facts): boolean {
  const [only, second] = commands;
  return second === undefined && only === `llamactl diagnose --url ${url}`;
}
