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
  const { loadSpinner } = await import('../render/spinner.js');
  const start = await loadSpinner();
  let spinner: Spinner | null = null;
  return {
    update: (event) => {
      const text = output.redact(render(event));
      if (spinner === null) spinner = start(text);
      else spinner.update(text);
    },
    pause: () => {
      spinner?.stop();
      spinner = null;
    },
  };
}
