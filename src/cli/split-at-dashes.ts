/** What stands before the first `--` is ours, what stands after it is another program's. */
export function splitAtDashes(argv: readonly string[]): [string[], string[]] {
  const at = argv.indexOf('--');
  return at < 0 ? [[...argv], []] : [argv.slice(0, at), argv.slice(at + 1)];
}
