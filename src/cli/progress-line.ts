import type { Spinner } from '../render/spinner.js';
import type { Output } from './output.js';

/** Long work, told as it goes on. */
export interface ProgressLine<Event> {
  update(event: Event): void;
  /** Clears the line, for other text; the next update brings it back. */
  pause(): void;
}

/**
 * One line that changes, where people watch; in a log a line whenever `keyOf` gives something new.
 * @param keyOf what does not change while a step goes on
 */
export async function startProgressLine<Event>(options: {
  readonly output: Output;
  readonly interactive: boolean;
  readonly render: (event: Event) => string;
  readonly keyOf: (event: Event) => string;
}): Promise<ProgressLine<Event>> {
  const { output, interactive, render, keyOf } = options;
  if (!interactive) {
    let last: string | undefined;
    const update = (event: Event) => {
      const key = keyOf(event);
      if (key !== last) output.note(`… ${render(event)}`);
      last = key;
    };
    return { update, pause: () => undefined };
  }
  const { startSpinner } = await import('../render/spinner.js');
  let spinner: Spinner | null = null;
  // Starting is asynchronous by its signature alone: the module is loaded, and events may come in between.
  let latest = '';
  let wanted = false;
  const update = (event: Event) => {
    latest = output.redact(render(event));
    if (spinner !== null) {
      spinner.update(latest);
      return;
    }
    if (wanted) return;
    wanted = true;
    void startSpinner(latest).then((started) => {
      if (wanted) {
        spinner = started;
        spinner.update(latest);
      } else {
        started.stop();
      }
    });
  };
  const pause = () => {
    wanted = false;
    spinner?.stop();
    spinner = null;
  };
  return { update, pause };
}
