import { get, list, text } from '../manifest.js';
import { advice, type Flaw, ofServer, serverRule } from '../rule.js';
import { isUpstream, mountsOf, type Server } from '../server.js';

/** The images start `/app/llama-server` by themselves: what is given are its arguments. */
export const command = serverRule('command', 'arguments only, no command of its own', (server) => [
  ...replacedEntrypoint(server),
  ...repeatedProgram(server),
  ...serverSwitch(server),
  ...oldPath(server),
  ...hiddenProgram(server),
]);

function replacedEntrypoint(server: Server): Flaw[] {
  const [program] = server.entrypoint ?? [];
  if (program === undefined || !isUpstream(server)) return [];
  // A path that is right, or a shell around it, starts.
  if (program.text === '/app/llama-server' || !/llama-server$/.test(program.text)) return [];
  const [key, instead] = server.platform === 'kubernetes' ? ['command', 'args'] : ['entrypoint', 'command'];
  return [
    ofServer(server, [key], {
      code: 'config.invalid',
      severity: 'warning',
      title: `${key}: replaces the entrypoint of the image, which is /app/llama-server`,
      evidence: [
        `${key}: ${program.text}`,
        'the name holds only as long as the folder that the image starts in',
      ],
      remedies: advice(`Leave ${key} out, and give ${instead} alone.`),
      word: program.text,
    }),
  ];
}

/** `command: llama-server -m …` in Compose follows the entrypoint, and so is an argument. */
function repeatedProgram(server: Server): Flaw[] {
  if (server.platform !== 'compose' || server.entrypoint !== null || !isUpstream(server)) return [];
  const given = get(server.spec, 'command');
  const first =
    typeof given === 'string' ? (given.trim().split(/\s+/)[0] ?? '') : (text(list(given)[0]) ?? '');
  if (!/llama-server$/.test(first) || /llama\.cpp:(?:full|light)/.test(server.image)) return [];
  return [
    ofServer(server, ['command'], {
      code: 'server.bad-argument',
      severity: 'error',
      title: 'command: begins with the program, which the entrypoint of the image starts already',
      evidence: [`invalid argument: ${first}`],
      remedies: advice(`Leave ${first} out: command: holds its arguments only.`),
      word: first,
    }),
  ];
}

function serverSwitch(server: Server): Flaw[] {
  const word = server.args.find(({ text: each }) => each === '--server');
  if (word === undefined) return [];
  return [
    {
      manifest: server.manifest,
      at: word.at,
      word: word.text,
      code: 'server.bad-argument',
      severity: 'error',
      title: '--server is for the image :full only: here llama-server ends with "invalid argument"',
      evidence: [server.image],
      remedies: advice('Leave --server out.'),
    },
  ];
}

/** The folder of the program and of its libraries. */
const APP = '/app';

/** What is mounted at /app hides the program. */
function hiddenProgram(server: Server): Flaw[] {
  const mount = mountsOf(server).find(({ target }) => target.replace(/\/$/, '') === APP);
  if (mount === undefined || !isUpstream(server)) return [];
  return [
    {
      manifest: server.manifest,
      at: mount.at,
      code: 'config.invalid',
      severity: 'error',
      title: 'what is mounted at /app hides llama-server, which is there in the image',
      evidence: ['exec: "/app/llama-server": no such file or directory'],
      remedies: advice('Mount it elsewhere, such as /models.'),
    },
  ];
}

/** `command: /llama-server` without an entrypoint: where older images had the program. */
function oldPath(server: Server): Flaw[] {
  const { entrypoint, platform } = server;
  if (platform !== 'compose' || entrypoint === null || entrypoint.length > 0 || !isUpstream(server))
    return [];
  const given = get(server.spec, 'command');
  const first = typeof given === 'string' ? given.trim().split(/\s+/)[0] : text(list(given)[0]);
  if (!first?.endsWith('llama-server') || first === '/app/llama-server') return [];
  return [
    ofServer(server, ['command'], {
      code: 'config.invalid',
      severity: 'error',
      title: `there is no ${first} in the image: it is /app/llama-server`,
      evidence: ['entrypoint: is empty, so that command: is the whole of what is started'],
      remedies: advice(`Leave entrypoint: and ${first} out: command: holds its arguments only.`),
      word: first,
    }),
  ];
}
