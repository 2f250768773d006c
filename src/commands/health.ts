import { BaseCommand } from '../cli/base-command.js';
import { connectAll } from '../cli/connect.js';
import { durationFlag, fleetFlags } from '../cli/connection-flags.js';
import { checkHealth, type HealthReport, type HealthResult, waitForHealth } from '../services/health.js';

export default class Health extends BaseCommand {
  static override summary = 'Tell whether a server is ready, loading, asleep or out of reach.';
  static override description =
    'Asks /health and /props, which neither wake a sleeping model nor load one. The exit code tells why a server is not ready: 10 out of reach or another program, 11 key missing or wrong, 14 loading, 16 no answer.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --url http://gpu1:8080 --url http://gpu2:8080',
    '<%= config.bin %> <%= command.id %> --wait 5m && ./start-my-app',
    '<%= config.bin %> <%= command.id %> --json | jq -r .status',
  ];
  static override flags = {
    ...fleetFlags,
    wait: durationFlag({ description: 'wait until it is ready, even if it is not there yet' }),
  };

  async run(): Promise<HealthReport | { targets: HealthReport[] }> {
    const { flags } = await this.parse(Health);
    const connections = await connectAll(flags, this.connectContext);
    const progress = flags.wait === undefined || !this.interactive ? null : await this.spinner();
    const look = (client: (typeof connections)[number]['client']) =>
      flags.wait === undefined
        ? checkHealth(client, this.signal, flags.timeout)
        : waitForHealth(client, {
            deadlineMs: flags.wait,
            signal: this.signal,
            onProgress: (report, elapsedMs) => progress?.update(report, elapsedMs),
          });
    const results = await Promise.all(connections.map(({ client }) => look(client))).finally(() =>
      progress?.stop(),
    );
    await Promise.all(connections.map(({ client }) => client.destroy()));
    process.exitCode = results.find(({ error }) => error !== null)?.error?.exit ?? 0;
    if (!this.jsonEnabled()) await this.print(results);
    const [first] = results;
    return results.length === 1 && first !== undefined
      ? first.report
      : { targets: results.map(({ report }) => report) };
  }

  private async print(results: readonly HealthResult[]): Promise<void> {
    const { renderHealth } = await import('../render/health.js');
    for (const { report, error } of results)
      this.output.print(renderHealth(report, error?.remedies ?? [], this.width));
  }

  private async spinner() {
    const [{ startSpinner }, { renderWaiting }] = await Promise.all([
      import('../render/spinner.js'),
      import('../render/health.js'),
    ]);
    const spinner = await startSpinner('asking');
    return {
      update: (report: HealthReport, elapsedMs: number) => spinner.update(renderWaiting(report, elapsedMs)),
      stop: () => spinner.stop(),
    };
  }
}
