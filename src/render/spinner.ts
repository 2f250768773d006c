/** A line of progress on stderr. */
export interface Spinner {
  update(text: string): void;
  stop(): void;
}

const NONE: Spinner = { update: () => {}, stop: () => {} };

/** The one spinner. Callers start it only where people look at stderr. */
export async function startSpinner(text: string): Promise<Spinner> {
  return (await loadSpinner())(text);
}

/** What starts a spinner, at once: for callers that may have something to print by the time it is loaded. */
export async function loadSpinner(): Promise<(text: string) => Spinner> {
  const { default: ora } = await import('ora');
  return (text) => {
    // A terminal without a size (script, docker run -t before it is told one) makes ora clear lines for ever.
    if (process.stderr.columns === 0) return NONE;
    // ora would take stdin raw and swallow Ctrl-C.
    const spinner = ora({ text, discardStdin: false, stream: process.stderr, isEnabled: true }).start();
    return {
      update: (next) => {
        spinner.text = next;
      },
      stop: () => {
        spinner.stop();
      },
    };
  };
}
