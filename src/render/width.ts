import fastWidth from 'fast-string-truncated-width';

/** Columns of a terminal; 80 where there is none, or COLUMNS where it is set. */
export function terminalWidth(stream: { readonly columns?: number; readonly isTTY?: boolean }): number {
  const given = Number(process.env['COLUMNS']);
  if (Number.isInteger(given) && given >= 20) return given;
  return stream.isTTY && stream.columns ? Math.max(40, stream.columns) : 80;
}

/** Columns that a text takes: wide characters two, combining marks and colours none. */
export function displayWidth(text: string): number {
  return fastWidth(text).width;
}

/** Pads on the right to a width in columns. */
export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

/** Pads on the left to a width in columns. */
export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - displayWidth(text))) + text;
}

/** Cuts to a width in columns, with `…` for what is gone. */
export function truncate(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  // The package counts a sign that stands between two words too late, and may cut one column too far to the right.
  for (let limit = width; limit > 1; limit--) {
    const cut = `${text.slice(0, fastWidth(text, { limit, ellipsis: '…' }).index)}…`;
    if (displayWidth(cut) <= width) return cut;
  }
  return width < 1 ? '' : '…';
}

/**
 * Breaks a text at spaces so that no line is wider than `width`; a word that is wider stands alone on its line, unbroken,
 * since it is mostly a path or a URL that somebody will copy.
 * @param indent put before each line, counted in the width
 */
export function wrap(text: string, width: number, indent = ''): string {
  const room = Math.max(10, width - displayWidth(indent));
  return text
    .split('\n')
    .map((paragraph) => wrapParagraph(paragraph, room, indent))
    .join('\n');
}

/** Wraps with a mark or a column before the first line, and blanks of the same width before the others. */
export function hanging(text: string, width: number, first: string): string {
  const rest = ' '.repeat(displayWidth(first));
  return first + wrap(text, width, rest).slice(rest.length);
}

function wrapParagraph(paragraph: string, room: number, indent: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of paragraph.split(/ +/)) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && displayWidth(longer) > room) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  lines.push(line);
  return lines.map((each) => (each === '' ? '' : `${indent}${each}`)).join('\n');
}
