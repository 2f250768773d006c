import { once } from 'node:events';
import { request } from 'node:http';
import type { Lab } from '../lab.js';
import type { Call } from '../scenario.js';

/** `diagnose --url URL …`. */
export function diagnose(url: string, ...more: readonly string[]): Call {
  return { args: ['diagnose', '--url', url, ...more] };
}

/** `diagnose` in a folder with this configuration of ours, of one target. */
export function configured(lab: Lab, target: Readonly<Record<string, unknown>>): Call {
  return { args: ['diagnose'], cwd: lab.configuration({ targets: { local: target } }) };
}

/** `diagnose` in a folder with nanocoder's configuration, which is read as it stands: with `/v1`, and tools in every request. */
export function nanocoder(lab: Lab, url: string, provider: Readonly<Record<string, unknown>> = {}): Call {
  const providers = [{ name: 'llama-cpp', baseUrl: `${url}/v1`, models: ['tiny'], ...provider }];
  return { args: ['diagnose'], cwd: lab.configuration({ nanocoder: { providers } }, 'agents.config.json') };
}

/** Asks with node:http, and not with the client that is tested. */
export async function ask(url: string, body?: unknown): Promise<{ status: number; body: string }> {
  const asked = request(url, {
    agent: false,
    method: body === undefined ? 'GET' : 'POST',
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
  });
  asked.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = await once(asked, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, body: Buffer.concat(chunks).toString('utf8') };
}

/** A chat that goes on until it is ended with the scenario: it takes a slot. */
export function occupy(lab: Lab, url: string, body: Readonly<Record<string, unknown>> = {}): void {
  const asked = request(`${url}/v1/chat/completions`, {
    agent: false,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
  });
  asked.on('response', (response) => response.resume());
  asked.on('error', () => {});
  asked.end(
    JSON.stringify({
      messages: [{ role: 'user', content: 'Tell me a long story.' }],
      max_tokens: 100_000,
      ignore_eos: true,
      stream: true,
      ...body,
    }),
  );
  lab.defer(() => asked.destroy());
}

/** Milliseconds, on a machine that has much else to do. */
const LONGEST_WAIT = 45_000;

/** Waits until something holds. @throws Error where it does not within so many milliseconds */
export async function until(
  what: string,
  holds: () => Promise<boolean>,
  deadlineMs = LONGEST_WAIT,
): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!(await holds().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Waits until so many slots are taken. */
export function busySlots(url: string, count: number, query = ''): Promise<void> {
  return until(`${count} busy slots`, async () => {
    const slots = JSON.parse((await ask(`${url}/slots${query}`)).body) as { is_processing: boolean }[];
    return slots.filter((slot) => slot.is_processing).length >= count;
  });
}
