import { spawn } from 'node:child_process';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { AlertChange } from '../../services/monitor/alerts.js';

/** Milliseconds for a webhook's answer, and for a command. */
const WEBHOOK_TIMEOUT = 5000;
const COMMAND_TIMEOUT = 30_000;

export interface AlertActions {
  /** Does what is asked for, one after the other, beside the watch. */
  run(changes: readonly AlertChange[], time: string): void;
  /** Waits until all is done. */
  done(): Promise<void>;
}

/**
 * What an alert does.
 * @param onFailure told of a webhook or command that failed: the watch goes on
 */
export function alertActions(
  wanted: { readonly webhook?: string | undefined; readonly command?: string | undefined },
  onFailure: (message: string) => void,
): AlertActions {
  let last = Promise.resolve();
  const attempt = async (what: string, action: () => Promise<void>) => {
    try {
      await action();
    } catch (error) {
      onFailure(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const { webhook, command } = wanted;
  return {
    run: (changes, time) => {
      for (const change of changes) {
        last = last.then(async () => {
          if (webhook !== undefined) await attempt('alert webhook', () => post(webhook, { time, ...change }));
          if (command !== undefined) await attempt('alert command', () => runCommand(command, change, time));
        });
      }
    },
    done: () => last,
  };
}

function post(address: string, body: object): Promise<void> {
  return new Promise((resolve, reject) => {
    const text = JSON.stringify(body);
    const request = address.startsWith('https:') ? requestHttps : requestHttp;
    const asked = request(
      address,
      {
        method: 'POST',
        timeout: WEBHOOK_TIMEOUT,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
      },
      (response) => {
        response.resume();
        const status = response.statusCode ?? 0;
        if (status >= 200 && status < 300) resolve();
        else reject(new Error(`it answered ${status}`));
      },
    );
    asked.once('timeout', () => asked.destroy(new Error(`no answer in ${WEBHOOK_TIMEOUT / 1000} s`)));
    asked.once('error', reject);
    asked.end(text);
  });
}

/** What the alert is about is in the environment, never in the command's text: a model's name is no shell. */
function runCommand(command: string, change: AlertChange, time: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, {
      shell: true,
      stdio: 'ignore',
      timeout: COMMAND_TIMEOUT,
      env: {
        ...process.env,
        LLAMACTL_ALERT: change.expression,
        LLAMACTL_ALERT_TARGET: change.target,
        LLAMACTL_ALERT_VALUE: String(change.value),
        LLAMACTL_ALERT_STATE: change.firing ? 'firing' : 'over',
        LLAMACTL_ALERT_TIME: time,
      },
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`it ended with ${signal ?? `exit code ${code}`}`));
    });
  });
}
