import { BaseCommand } from '../cli/base-command.js';
import { connectAll } from '../cli/connect.js';
import { durationFlag, fleetFlags } from '../cli/connection-flags.js';
import { type HealthReport, type HealthResult, waitForHealth } from '../services/health.js';
import { checkProvider } from '../services/providers.js';

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
    const progress = flags.wait === undefined ? null : await this.startProgress();
    const latest: HealthReport[] = [];
    const look = ({ client, target }: (typeof connections)[number], index: number) =>
      flags.wait === undefined
        ? checkProvider(client, target.provider, this.signal, flags.timeout)
        : waitForHealth(client, {
            check: (timeoutMs) => checkProvider(client, target.provider, this.signal, timeoutMs),
            deadlineMs: flags.wait,
            signal: this.signal,
            onLook: (report, elapsedMs) => {
              latest[index] = report;
              // One that has not been heard of yet is left out: it is a matter of milliseconds.
              const reports = latest.filter((each) => each !== undefined);
              if (reports.some(({ ready }) => !ready)) progress?.update({ reports, elapsedMs });
            },
          });
    const results = await Promise.all(connections.map(look)).finally(() => progress?.pause());
    await Promise.all(connections.map(({ client }) => client.destroy()));
    process.exitCode = results.find(({ error }) => error !== null)?.error?.exit ?? 0;
    if (!this.jsonEnabled()) await this.print(results);
    const [first] = results;
    return results.length === 1 && first !== undefined
      ? first.report
      : { targets: results.map(({ report }) => report) };
  }

  private async print(results: readonly HealthResult[]): Promise<void> {
    const { renderFleetHealth, renderHealth } = await import('../render/health.js');
    const [first, second] = results;
    this.output.print(
      first !== undefined && second === undefined
        ? renderHealth(first, this.width)
        : renderFleetHealth(results),
    );
  }

  /** One line that changes; in a log a line whenever a server's state does. */
  private async startProgress() {
    const [{ startProgressLine }, { renderWaiting }] = await Promise.all([
      import('../cli/progress-line.js'),
      import('../render/health.js'),
    ]);
    return startProgressLine<{ readonly reports: readonly HealthReport[]; readonly elapsedMs: number }>({
      output: this.output,
      interactive: this.interactive,
      render: ({ reports, elapsedMs }) => renderWaiting(reports, elapsedMs, this.width - 4),
      keyOf: ({ reports }) => reports.map(({ url, status }) => `${url} ${status}`).join(),
    });
  }
}
