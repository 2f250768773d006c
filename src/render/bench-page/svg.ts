/** Text for HTML and SVG. */
export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** Where a value stands on a chart, and the values that its axis names. */
export interface Axis {
  /** Written below a horizontal one. */
  readonly title: string;
  /** Of the axis, 0 (its beginning) to 1. */
  readonly at: (value: number) => number;
  readonly ticks: readonly { readonly value: number; readonly text: string }[];
}

const WIDTH = 480;
const HEIGHT = 230;
const LEFT = 58;
const RIGHT = 26;
const TOP = 16;
const BOTTOM = 44;
const AXIS_TICKS = 5;

/** A chart's inside, in its own coordinates. */
export interface Plane {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  /** Of the ground line. */
  readonly bottom: number;
  readonly top: number;
}

/** An axis from 0 up to a round number. */
export function linearAxis(title: string, most: number, format: (value: number) => string): Axis {
  const step = roundStep(most / AXIS_TICKS);
  const end = Math.max(step, Math.ceil(most / step - 1e-9) * step);
  const ticks = [];
  for (let n = 0; n * step <= end * 1.0001; n++) ticks.push({ value: n * step, text: format(n * step) });
  return { title, at: (value) => value / end, ticks };
}

/** 1, 2 or 5 times a power of ten, at least so much. */
function roundStep(least: number): number {
  if (!(least > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 5, 10].find((each) => each * power >= least * 0.9999) ?? 10;
  return factor * power;
}

/** An axis of percentiles on which each nine takes as much room as the one before. */
export function percentileAxis(title: string, most: number): Axis {
  const span = Math.log10(1 / (1 - Math.min(most, 0.9999)));
  const at = (share: number) => Math.log10(1 / (1 - Math.min(share, 0.9999))) / span;
  const ticks = [0, 0.5, 0.9, 0.95, 0.99, 0.999]
    .filter((share) => share <= most + 1e-9)
    .map((share) => ({ value: share, text: `${Number((share * 100).toFixed(1))} %` }));
  return { title, at, ticks };
}

/** An axis of names, at even distances. */
export function namedAxis(title: string, names: readonly string[]): Axis {
  const at = (index: number) => (index + 0.5) / names.length;
  return { title, at, ticks: names.map((text, value) => ({ value, text })) };
}

/**
 * A chart as SVG: axes, and what `draw` puts on the plane.
 * @param label what a screen reader says of it
 */
export function chart(label: string, x: Axis, y: Axis, draw: (plane: Plane) => string): string {
  const bottom = HEIGHT - BOTTOM;
  const plane: Plane = {
    x: (value) => LEFT + x.at(value) * (WIDTH - LEFT - RIGHT),
    y: (value) => bottom - y.at(value) * (bottom - TOP),
    bottom,
    top: TOP,
  };
  const lines = y.ticks.map(({ value, text }) => {
    const at = n(plane.y(value));
    return `<path class="grid" d="M${LEFT} ${at}H${WIDTH - RIGHT}"/><text x="${LEFT - 8}" y="${at}" text-anchor="end" dominant-baseline="middle">${escaped(text)}</text>`;
  });
  const columns = x.ticks.map(
    ({ value, text }) =>
      `<text x="${n(plane.x(value))}" y="${bottom + 18}" text-anchor="middle">${escaped(text)}</text>`,
  );
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(label)}">`,
    ...lines,
    ...columns,
    `<path class="axis" d="M${LEFT} ${bottom}H${WIDTH - RIGHT}"/>`,
    `<text x="${WIDTH - RIGHT}" y="${HEIGHT - 6}" text-anchor="end">${escaped(x.title)}</text>`,
    draw(plane),
    '</svg>',
  ].join('');
}

/** A line through points. */
export function line(
  points: readonly (readonly [number, number])[],
  series: string,
  { x, y }: Plane,
): string {
  if (points.length === 0) return '';
  const path = points
    .map(([at, value], index) => `${index === 0 ? 'M' : 'L'}${n(x(at))} ${n(y(value))}`)
    .join('');
  return `<path class="line ${series}" d="${path}"/>`;
}

/** Points, each with what a pointer over it says. */
export function dots(
  points: readonly { readonly at: number; readonly value: number; readonly title: string }[],
  series: string,
  { x, y }: Plane,
  radius = 2.5,
): string {
  return points
    .map(
      ({ at, value, title }) =>
        `<circle class="dot ${series}" cx="${n(x(at))}" cy="${n(y(value))}" r="${radius}"><title>${escaped(title)}</title></circle>`,
    )
    .join('');
}

/** Crosses along the top: what has no value. */
export function crosses(
  points: readonly { readonly at: number; readonly title: string }[],
  { x, top }: Plane,
): string {
  return points
    .map(({ at, title }) => {
      const [cx, cy] = [x(at), top + 4];
      return `<path class="cross" d="M${n(cx - 4)} ${cy - 4}l8 8m0-8l-8 8"><title>${escaped(title)}</title></path>`;
    })
    .join('');
}

/** A bar from the ground between two places. */
export function bar(
  from: number,
  to: number,
  value: number,
  series: string,
  title: string,
  { x, y, bottom }: Plane,
): string {
  const [left, right, top] = [x(from), x(to), y(value)];
  return `<rect class="bar ${series}" x="${n(left)}" y="${n(top)}" width="${n(Math.max(0.5, right - left - 1))}" height="${n(Math.max(0, bottom - top))}"><title>${escaped(title)}</title></rect>`;
}

/** Parts of a whole, one beside the other, as wide as their share. */
export function stack(
  label: string,
  parts: readonly { readonly share: number; readonly series: string; readonly title: string }[],
): string {
  let at = 0;
  const rects = parts.map(({ share, series, title }) => {
    const from = at;
    at += share * WIDTH;
    return `<rect class="bar ${series}" x="${n(from)}" y="0" width="${n(share * WIDTH)}" height="32"><title>${escaped(title)}</title></rect>`;
  });
  return `<svg viewBox="0 0 ${WIDTH} 32" role="img" aria-label="${escaped(label)}">${rects.join('')}</svg>`;
}

/** A coordinate, without digits that nobody sees. */
function n(value: number): string {
  return Number(value.toFixed(1)).toString();
}
