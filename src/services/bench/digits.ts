/** Six digits: what is measured is not known better, and documents stay readable. Whole numbers are left alone. */
export function digits(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(6));
}
