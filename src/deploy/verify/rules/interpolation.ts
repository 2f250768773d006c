import { get, list, type Path, text } from '../manifest.js';
import { advice, type Flaw, serverRule } from '../rule.js';
import type { Server } from '../server.js';

/** `$NAME` in a command of Compose is the host's variable, and blank where the host has none (measured). */
export const interpolation = serverRule(
  'interpolation',
  'variables of the container, not of the host',
  (server) => {
    if (server.platform !== 'compose') return [];
    return commandsOf(server).flatMap(([at, line]) =>
      [...line.matchAll(/(?<!\$)(?:\$\$)*\$(?:(\w+)|\{(\w+)\})/g)].flatMap(([, bare, braced]) => {
        const name = bare ?? braced ?? '';
        return isOwn(server, name) ? [flawOf(server, at, name)] : [];
      }),
    );
  },
);

/** A variable that the file gives the container, with a value of its own. */
function isOwn({ env }: Server, name: string): boolean {
  const value = env.get(name)?.text;
  return value !== undefined && !value.includes('$');
}

function flawOf({ manifest }: Server, at: Path, name: string): Flaw {
  return {
    code: 'config.invalid',
    severity: 'warning',
    title: `$${name} is the host's variable here, not the one that the container is given`,
    evidence: ['Compose puts in what the shell that starts it has, and nothing where it has none'],
    remedies: advice('Double the sign:', `$$${name}`),
    manifest,
    at,
    word: name,
  };
}

function commandsOf({ spec, at }: Server): [Path, string][] {
  const places: Path[] = [['command'], ['entrypoint'], ['healthcheck', 'test']];
  return places.flatMap((place): [Path, string][] => {
    const value = get(spec, ...place);
    if (typeof value === 'string') return [[[...at, ...place], value]];
    return list(value).map((item, index) => [[...at, ...place, index], text(item) ?? '']);
  });
}
