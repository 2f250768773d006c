/** A fenced block of a Markdown page. */
export interface Block {
  /** `sh`, `json`, `text` …; empty without one. */
  readonly language: string;
  readonly text: string;
  /** The first line of the text, counted from 1. */
  readonly line: number;
  /** What the HTML comment right above the fence says, e.g. `run exit=10`. */
  readonly mark: string | null;
  /** Indices into the page's lines: the text is what stands between. */
  readonly start: number;
  readonly end: number;
}

/** The fenced blocks of a page. */
export function blocksOf(page: string): Block[] {
  const lines = page.split('\n');
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; at++) {
    const fence = /^(\s*)(`{3,})(\w*)\s*$/.exec(lines[at] ?? '');
    if (fence === null) continue;
    const close = lines.findIndex((line, index) => index > at && line.trim() === fence[2]);
    const end = close < 0 ? lines.length : close;
    blocks.push({
      language: fence[3] ?? '',
      text: lines.slice(at + 1, end).join('\n'),
      line: at + 2,
      mark: /^\s*<!--\s*(.*?)\s*-->\s*$/.exec(lines[at - 1] ?? '')?.[1] ?? null,
      start: at + 1,
      end,
    });
    at = end;
  }
  return blocks;
}

export interface Link {
  readonly target: string;
  readonly line: number;
}

/** The links of a page that do not lead to another site, outside of its blocks. */
export function relativeLinks(page: string): Link[] {
  const inBlock = new Set(blocksOf(page).flatMap(({ start, end }) => range(start, end)));
  return page
    .split('\n')
    .flatMap((line, index) =>
      inBlock.has(index)
        ? []
        : [...line.replace(/`[^`]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => ({
            target,
            line: index + 1,
          })),
    )
    .filter(({ target }) => !/^[a-z]+:/.test(target));
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(page: string): Set<string> {
  const inBlock = new Set(blocksOf(page).flatMap(({ start, end }) => range(start, end)));
  const anchors = page.split('\n').flatMap((line, index) => {
    const heading = inBlock.has(index) ? null : /^#{1,6} (.*)$/.exec(line);
    return heading === null
      ? []
      : (heading[1] ?? '')
          .toLowerCase()
          .replace(/[^\p{L}\p{N}\s_-]/gu, '')
          .replaceAll(' ', '-');
  });
  return new Set(anchors);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}
