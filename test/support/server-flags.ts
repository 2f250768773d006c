import { execFileSync } from 'node:child_process';

/**
 * What `llama-server --help` tells of its flags, a line each: `names | value | environment variable | what is to know`.
 * The last three may be empty; the last is kept only where the flag is removed or deprecated.
 */
export function flagLines(binary: string): string[] {
  const help = execFileSync(binary, ['--help'], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
    maxBuffer: 16 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return entriesOf(help).map(lineOf);
}

/** Column at which descriptions begin. */
const DESCRIPTION = 40;

function entriesOf(help: string): string[][] {
  const entries: string[][] = [];
  let open = false;
  for (const line of help.split('\n')) {
    if (/^--?[a-zA-Z]/.test(line)) {
      entries.push([line]);
      open = true;
    } else if (line.startsWith(' ') && open) entries.at(-1)?.push(line);
    else if (line.startsWith('---')) open = false;
  }
  return entries;
}

function lineOf([head = '', ...rest]: string[]): string {
  const names: string[] = [];
  let at = 0;
  for (;;) {
    const [text, name, end] = /^(--?[a-zA-Z][\w-]*)(, *|(?= |$))/.exec(head.slice(at)) ?? [];
    if (text === undefined || name === undefined) break;
    names.push(name);
    at += text.length;
    if (end === '') break;
  }
  const hasText = at < DESCRIPTION && head.length > DESCRIPTION && head[DESCRIPTION - 1] === ' ';
  const value = head.slice(at, hasText ? DESCRIPTION : undefined).trim();
  const description = [hasText ? head.slice(DESCRIPTION) : '', ...rest]
    .map((line) => line.trim())
    .join(' ')
    .trim();
  const [, variable = ''] = /\(env: (\w+)\)/.exec(description) ?? [];
  const about = description
    .replace(/\(env: \w+\)/, '')
    .replace(/\s+/g, ' ')
    .trim();
  const note = /has been removed|DEPRECATED/.test(about) ? about.replaceAll('`', '') : '';
  return [names.join(' '), value, variable, note].join(' | ').replace(/[ |]+$/, '');
}
