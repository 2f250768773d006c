/** Words that stand before a command and are none. */
const BEFORE = new Set(['if', 'until', 'while', 'then', 'else', 'do', 'exec', 'time', '!', '{', '(']);
const OPERATOR = /^(?:\|\||&&|;;|\d?>>|\d?>&\d|&>|\d?>|<<-?|<|[|;&()\n])/;

/** A command of a script: its words, quotes taken off, without assignments and redirections. */
export type SimpleCommand = readonly string[];

/** The simple commands of a shell script, those within `$(…)` too. Enough of the grammar for what documentation shows. */
export function commandsOf(script: string): SimpleCommand[] {
  const commands: string[][] = [];
  let words: string[] = [];
  let word: string | null = null;
  let skipWord = false;
  /** Closing characters that we are inside of: `"` and `)`. */
  const open: string[] = [];
  /** Words of the commands around a `$(…)`. */
  const outer: { words: string[]; word: string | null }[] = [];
  const endWord = () => {
    if (word !== null && !skipWord) words.push(word);
    if (word !== null) skipWord = false;
    word = null;
  };
  const endCommand = () => {
    endWord();
    const at = words.findIndex((each) => !BEFORE.has(each) && !/^[A-Za-z_]\w*=/.test(each));
    if (at >= 0) commands.push(words.slice(at));
    words = [];
  };
  let rest = withoutHereDocuments(script).replaceAll('\\\n', ' ');
  while (rest !== '') {
    const inQuotes = open.at(-1) === '"';
    const take = (count: number) => {
      const taken = rest.slice(0, count);
      rest = rest.slice(count);
      return taken;
    };
    if (rest.startsWith('$(')) {
      take(2);
      open.push(')');
      outer.push({ words, word: word ?? '' });
      words = [];
      word = null;
    } else if (rest[0] === '"') {
      take(1);
      word ??= '';
      if (inQuotes) open.pop();
      else open.push('"');
    } else if (inQuotes) {
      word += rest.startsWith('\\') ? take(2).slice(1) : take(1);
    } else if (rest[0] === "'") {
      const end = rest.indexOf("'", 1);
      word = (word ?? '') + take(end < 0 ? rest.length : end + 1).slice(1, -1);
    } else if (rest[0] === ')' && open.at(-1) === ')') {
      take(1);
      endCommand();
      open.pop();
      ({ words, word } = outer.pop() ?? { words: [], word: null });
    } else if (rest[0] === '#' && word === null) {
      take(rest.includes('\n') ? rest.indexOf('\n') : rest.length);
    } else if (rest[0] === '\\') {
      word = (word ?? '') + take(2).slice(1);
    } else if (/^[ \t]/.test(rest)) {
      take(1);
      endWord();
    } else {
      const operator = word === null || !/^\d/.test(rest) ? OPERATOR.exec(rest)?.[0] : undefined;
      if (operator === undefined) {
        word = (word ?? '') + take(1);
      } else {
        take(operator.length);
        endWord();
        // What follows a redirection is a file, unless it names a descriptor.
        if (/[<>]/.test(operator)) skipWord = !/&\d$/.test(operator);
        else endCommand();
      }
    }
  }
  endCommand();
  return commands;
}

/** The arguments of each call of llamactl. */
export function llamactlCalls(script: string): string[][] {
  return commandsOf(script).flatMap((words) => {
    const at = words.indexOf('llamactl');
    // Itself, or what `timeout 5m` and their like start.
    return at === 0 || (at > 0 && ['timeout', 'nohup', 'env', 'watch'].includes(words[0] ?? ''))
      ? [words.slice(at + 1)]
      : [];
  });
}

function withoutHereDocuments(script: string): string {
  return script.replace(/(<<-?\s*['"]?(\w+)['"]?[^\n]*)\n[\s\S]*?\n\s*\2(?=\n|$)/g, '$1');
}
