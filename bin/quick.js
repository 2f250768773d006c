// The commands that people and scripts run over and over: they have a bundle of their own, half as large, since what is read and
// compiled at each start is most of its time.
export const QUICK_COMMANDS = ['chat', 'detokenize', 'health', 'models', 'props', 'slots', 'tokenize'];

/**
 * @param {readonly string[]} argv what stands after `llamactl`
 * @returns the name of the bundle in dist/ that has the command
 */
export function bundleFor(argv) {
  return QUICK_COMMANDS.includes(argv[0]) ? 'quick' : 'cli';
}
