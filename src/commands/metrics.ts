import { boolean, option } from '@oclif/core/flags';
import { BaseCommand } from '../cli/base-command.js';
import { type Connection, connectAll, onlyLlamaCpp, refuseOtherKinds } from '../cli/connect.js';
import { fleetFlags } from '../cli/connection-flags.js';
import { LlamactlError } from '../errors/llamactl-error.js';
import { eachOf } from '../services/each.js';
import { failedRow, type MetricsReport, readMetrics } from '../services/metrics.js';

/** Servers that are asked at once. */
const AT_ONCE = 64;

export default class Metrics extends BaseCommand {
  static override summary = "Show a server's counters once: slots, queue, tokens and rates.";
  static override description =
    'Needs a server started with --metrics. Rates are averages since the start, from the counters; the gauges of the server itself are reset by whoever scrapes it.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --raw | grep requests_deferred',
    "<%= config.bin %> <%= command.id %> --json | jq '.servers[0].deferred'",
    '<%= config.bin %> <%= command.id %> --target all --format prometheus > /var/lib/node_exporter/llama.prom',
  ];
  static override flags = {
    ...fleetFlags,
    wake: boolean({ description: 'ask also where the model sleeps, which may wake it' }),
    raw: boolean({ description: "print the server's own text (Prometheus format)", exclusive: ['format'] }),
    format: option({
      options: ['table', 'prometheus'] as const,
      description:
        'prometheus: the figures of metrics watch --export once, also of servers without --metrics',
      default: 'table',
    })(),
  };

  async run(): Promise<MetricsReport | undefined> {
    const { flags } = await this.parse(Metrics);
    const connections = await connectAll(flags, this.connectContext);
    if (flags.format === 'prometheus' && !this.jsonEnabled()) return this.expose(connections);
    const isFleet = connections.length > 1;
    const look = async ({ client, target, label: name }: Connection) => {
      const model = target.model === undefined ? {} : { model: target.model };
      try {
        await refuseOtherKinds({ target, client }, this.typedId, this.signal);
        return await readMetrics(client, name, { signal: this.signal, wake: flags.wake, ...model });
      } catch (error) {
        // Of several servers one that fails must not hide the others.
        if (!isFleet || !(error instanceof LlamactlError) || error.type === 'INTERRUPTED') throw error;
        process.exitCode ||= error.exit;
        return { row: failedRow(name, error), text: '' };
      }
    };
    const answers = await eachOf(connections, AT_ONCE, look).finally(() =>
      Promise.all(connections.map(({ client }) => client.destroy())),
    );
    const report = { time: new Date().toISOString(), servers: answers.map(({ row }) => row) };
    if (this.jsonEnabled()) return report;
    if (flags.raw) {
      for (const { row, text } of answers) {
        if (text !== '') this.output.raw(text);
        else if (row.state === 'asleep')
          this.output.note(`${row.target} is asleep: asking could wake it (--wake does)`);
      }
    } else {
      const { renderMetrics } = await import('../render/metrics.js');
      this.output.print(renderMetrics(report, this.width));
    }
    return report;
  }

  /** For a file that a collector reads; what is not known has no sample. */
  private async expose(named: readonly Connection[]): Promise<undefined> {
    const connections = await onlyLlamaCpp(named, this.typedId, this.connectContext);
    const [{ watchOnce }, { createExposition }] = await Promise.all([
      import('../services/monitor/once.js'),
      import('../services/monitor/exposition.js'),
    ]);
    const servers = connections.map(({ client, label }) => ({ client, target: label }));
    try {
      const exposition = await createExposition();
      exposition.update(await watchOnce(servers, this.signal));
      this.output.raw(await exposition.text());
    } finally {
      await Promise.all(connections.map(({ client }) => client.destroy()));
    }
  }
}
