import type { InstallEvent } from '../server/install/progress.js';
import type { UpEvent, UpServer } from '../server/up.js';
import { bytes, duration } from './format.js';
import { cyan, dim, mark } from './symbols.js';

/** Clients ask this address where none is named. */
const DEFAULT_PORT = 8080;

/** That a server is up, where, and what to type next. */
export function renderReady({ plan, binary, readyAfterMs }: UpServer): string {
  const facts = [
    `llama-server ${shortVersion(binary.version)}`.trim(),
    plan.model,
    plan.threads === null ? '' : `${plan.threads} thread${plan.threads === 1 ? '' : 's'}`,
    `ready in ${duration(readyAfterMs)}`,
  ].filter((fact) => fact !== '');
  const flags = plan.port === DEFAULT_PORT && new URL(plan.url).pathname === '/' ? '' : ` --url ${plan.url}`;
  const key =
    plan.apiKey === undefined ? [] : ['    export LLAMACTL_API_KEY=…     # the key it was started with'];
  return [
    `${mark('good')} ${cyan(plan.url)} · ${facts.join(' · ')}`,
    '',
    '  In another terminal:',
    ...key,
    `    llamactl chat 'Hello'${flags}`,
    `    llamactl diagnose${flags}`,
    '',
    `  ${dim('Ctrl-C stops it.')}`,
  ].join('\n');
}

/** What is going on, in one line without a line end. */
export function renderUpEvent(event: UpEvent): string {
  switch (event.type) {
    case 'install':
      return renderInstall(event.event);
    case 'starting':
      return `starting ${event.binary.command}`;
    case 'loading': {
      const { stage, percent } = event.progress;
      const what = {
        starting: 'starting',
        downloading: 'downloading',
        loading: 'loading',
        'warming-up': 'warming up',
      };
      const share = percent === null ? '' : `, ${percent} %`;
      return `${what[stage]} ${event.plan.model}${share} · ${duration(event.elapsedMs)}`;
    }
  }
}

/** What does not change while a step goes on: where nobody watches, a line is printed when this changes. */
export function upEventKey(event: UpEvent): string {
  switch (event.type) {
    case 'install': {
      const { step, message, done, total } = event.event;
      const tenth = done === undefined || !total ? '' : Math.floor((10 * done) / total);
      return `${step} ${message} ${tenth}`;
    }
    case 'starting':
      return 'starting';
    case 'loading':
      return `${event.progress.stage} ${Math.floor((event.progress.percent ?? 0) / 10)}`;
  }
}

function renderInstall({ step, message, done, total }: InstallEvent): string {
  if (done === undefined || !total) return message;
  const share = `${Math.floor((100 * done) / total)} %`;
  const amount = step === 'download' ? `${bytes(done)} of ${bytes(total)}` : `${done} of ${total}`;
  return `${message} · ${share} · ${amount}`;
}

/** `0.6.0-dev (build 11434, commit abc)` → `0.6.0-dev`; a bare build number gets its b. */
function shortVersion(version: string | null): string {
  const first = version?.split(/[\s(]/)[0] ?? '';
  return /^\d+$/.test(first) ? `b${first}` : first;
}
