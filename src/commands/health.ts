import { BaseCommand } from '../cli/base-command.js';
import { type Connection, connectAll } from '../cli/connect.js';
import { healthFlags } from '../cli/health-flags.js';
import { openGate, reportHealth } from '../cli/health-gate.js';
import { EXIT } from '../errors/exit-code.js';
import { eachOf } from '../services/each.js';
import { type HealthReport, waitForHealth } from '../services/health.js';
import { checkProvider } from '../services/providers.js';

/** Servers up to which each is asked its questions at once. */
const FEW = 8;
/** Servers that are looked at at once. */
const AT_ONCE = 64;

export default class Health extends BaseCommand {
  static override summary = 'Tell whether a server is ready, loading, asleep or out of reach.';
  static override description =
    'Asks /health and /props, which neither wake a sleeping model nor load one. The exit code tells why a server is not ready: 10 out of reach or another program, 11 key missing or wrong, 14 loading, 16 no answer; 1 where it is ready and lacks what --require names. What may be required: model=NAME, ctx, slots, idle, deferred, build, response (with >= <= > < = !=), tools, vision, audio, awake, metrics.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --url http://gpu1:8080 --url http://gpu2:8080',
    '<%= config.bin %> <%= command.id %> --wait 5m && ./start-my-app',
    "<%= config.bin %> <%= command.id %> --require 'ctx>=8192' --require 'idle>=1' --require tools",
    '<%= config.bin %> <%= command.id %> --target all --output junit=health.xml',
    '<%= config.bin %> <%= command.id %> --json | jq -r .status',
  ];
  static override flags = healthFlags;

  async run(): Promise<HealthReport | { targets: HealthReport[] }> {
    const { flags } = await this.parse(Health);
    const hold = await openGate(flags.require, this.signal);
    const connections = await connectAll(flags, this.connectContext);
    const progress = flags.wait === undefined ? null : await this.startProgress();
    const isFleet = connections.length > FEW;
    const latest: HealthReport[] = [];
    const look = (connection: Connection, index: number) => {
      const { client, target } = connection;
      const check = async (timeoutMs: number | undefined) =>
        hold.against(
          await checkProvider(client, target.provider, this.signal, timeoutMs, isFleet),
          connection,
        );
      if (flags.wait === undefined) return check(flags.timeout);
      return waitForHealth(client, {
        check,
        isDone: hold.passes,
        deadlineMs: flags.wait,
        signal: this.signal,
        onLook: (report, elapsedMs) => {
          latest[index] = report;
          // One that has not been heard of yet is left out: it is a matter of milliseconds.
          const reports = latest.filter((each) => each !== undefined);
          if (latest.some((each) => each !== undefined && !hold.passes({ report: each })))
            progress?.update({ reports, elapsedMs });
        },
      });
    };
    const results = await eachOf(connections, AT_ONCE, look).finally(() => progress?.pause());
    await Promise.all(connections.map(({ client }) => client.destroy()));
    const isMissed = results.some((result) => !hold.passes(result));
    process.exitCode =
      results.find(({ error }) => error !== null)?.error?.exit ?? (isMissed ? EXIT.badVerdict : EXIT.good);
    const [first] = results;
    const document =
      results.length === 1 && first !== undefined
        ? first.report
        : { targets: results.map(({ report }) => report) };
    const { output, width } = this;
    const { format, output: files } = flags;
    if (!this.jsonEnabled() || flags.output !== undefined)
      await reportHealth(results, document, { connections, output, width, format, files });
    return document;
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
