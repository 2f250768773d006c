/** A key as the screen knows it: a character, or the name of one that has none. */
export type Key =
  | 'up'
  | 'down'
  | 'left'
  | 'right'
  | 'page-up'
  | 'page-down'
  | 'home'
  | 'end'
  | 'escape'
  | 'ctrl-c'
  | (string & {});

const SEQUENCES: Readonly<Record<string, Key>> = {
  '[A': 'up',
  '[B': 'down',
  '[C': 'right',
  '[D': 'left',
  OA: 'up',
  OB: 'down',
  OC: 'right',
  OD: 'left',
  '[5~': 'page-up',
  '[6~': 'page-down',
  '[H': 'home',
  '[F': 'end',
  '[1~': 'home',
  '[4~': 'end',
  OH: 'home',
  OF: 'end',
};

const ESCAPE = '\u001b';
const CTRL_C = '\u0003';
/** A sequence (CSI, SS3), an escape alone, or one character. */
const KEY = new RegExp(`${ESCAPE}(?:\\[[0-?]*[ -/]*[@-~]|O[@-~])?|[\\s\\S]`, 'gu');

/** What was typed, key by key. Sequences that nobody knows are passed over, whole. */
export function parseKeys(typed: string): Key[] {
  const keys: Key[] = [];
  for (const [text] of typed.matchAll(KEY)) {
    if (text === ESCAPE) keys.push('escape');
    else if (text.startsWith(ESCAPE)) {
      const known = SEQUENCES[text.slice(1)];
      if (known !== undefined) keys.push(known);
    } else if (text === CTRL_C) keys.push('ctrl-c');
    else if (text >= ' ' && text !== '\u007f') keys.push(text);
  }
  return keys;
}
