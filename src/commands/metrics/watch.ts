import { BaseCommand } from '../../cli/base-command.js';
import { connectAll, onlyLlamaCpp } from '../../cli/connect.js';
import { fleetFlags } from '../../cli/connection-flags.js';
import { alertFlags, INTERVAL, watchFlags } from '../../cli/watch/watch-flags.js';
import { usageError } from '../../errors/llamactl-error.js';

export default class MetricsWatch extends BaseCommand {
  static override summary = 'Watch servers live: state, slots, queue and token rates.';
  static override description =
    'On a terminal a screen that is kept up to date (? lists the keys); else, and with --json, a JSON document a line. Wakes no model, loads none, and lets an idle one fall asleep. Rates come from the slots while requests run, and agree with the counters once they have ended.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --target all --record incident.ndjson',
    '<%= config.bin %> <%= command.id %> --replay incident.ndjson',
    '<%= config.bin %> <%= command.id %> --once --json | jq .servers[0].slots',
    "<%= config.bin %> <%= command.id %> --alert 'deferred>3 for 30s' --alert-webhook https://hooks.example.com/llama",
    '<%= config.bin %> <%= command.id %> --export :9464',
  ];
  static override flags = { ...fleetFlags, ...watchFlags, ...alertFlags };

  async run(): Promise<void> {
    const { flags } = await this.parse(MetricsWatch);
    const onTerminal = process.stdout.isTTY === true && process.env['TERM'] !== 'dumb' && !this.jsonEnabled();
    const onScreen = onTerminal && !flags.once;
    if (flags.replay !== undefined) return this.replay(flags.replay, onTerminal, flags.once);
    if (flags.verbose && onScreen && process.stderr.isTTY)
      throw usageError('--verbose would write over the screen: send it to a file, with 2>exchanges.log');
    const { connectContext } = this;
    const named = await connectAll(flags, connectContext);
    const connections = await onlyLlamaCpp(named, this.typedId, connectContext);
    const { runWatch } = await import('../../cli/watch/run-watch.js');
    const asText = onTerminal ? await this.textOf(flags.interval ?? INTERVAL) : null;
    // A daemon's log is no place for figures that are fetched elsewhere.
    const isSilent = flags.export !== undefined && !this.jsonEnabled();
    try {
      process.exitCode = await runWatch({
        servers: connections.map(({ client, label }) => ({
          client,
          target: label,
          timeoutMs: flags.timeout,
          model: flags.model,
        })),
        flags,
        output: this.output,
        signal: this.signal,
        onScreen,
        print: ({ firing: _, ...line }) => {
          if (asText !== null) this.output.print(asText(line));
          else if (!isSilent) this.output.jsonLine(line);
        },
      });
    } catch (error) {
      this.endWith(error);
    } finally {
      await Promise.all(connections.map(({ client }) => client.destroy()));
    }
  }

  private async replay(path: string, onTerminal: boolean, once: boolean): Promise<void> {
    const { WatchRecord } = await import('../../services/monitor/record.js');
    const record = await WatchRecord.open(path);
    try {
      if (onTerminal && !once) {
        const { showReplay } = await import('../../cli/watch/replay-screen.js');
        process.exitCode = await showReplay(record, this.output, this.signal);
        return;
      }
      const asText = onTerminal ? await this.textOf(INTERVAL) : null;
      for (let line = once ? record.length - 1 : 0; line < record.length; line++) {
        this.signal.throwIfAborted();
        const tick = record.at(line);
        if (asText !== null) this.output.print(asText(tick));
        else this.output.jsonLine(tick);
      }
    } catch (error) {
      this.endWith(error);
    } finally {
      record.close();
    }
  }

  /** One line as a picture of as many lines as it needs. */
  private async textOf(intervalMs: number) {
    const { renderSnapshot } = await import('../../render/watch/snapshot.js');
    return (tick: Parameters<typeof renderSnapshot>[0]) => renderSnapshot(tick, intervalMs, this.width);
  }
}
