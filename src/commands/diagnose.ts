import { BaseCommand } from '../cli/base-command.js';
import { connectAll } from '../cli/connect.js';
import { fleetFlags } from '../cli/connection-flags.js';
import { askingFlags, inputFlags, reportFlags } from '../cli/diagnose-flags.js';
import { documentOf, exitCodeOf, report } from '../cli/diagnose-report.js';
import type { Diagnosis } from '../diagnose/runner.js';

/** Milliseconds for a whole diagnosis, where none are given: short for somebody waiting, enough for a slow first token. */
const DEADLINE = 10_000;

export default class Diagnose extends BaseCommand {
  static override summary = 'Find out what is wrong with a server, and what to do about it.';
  static override description =
    'Asks a server what it is, whether it is ready, takes the key, has the model and context that are configured, and answers inside a deadline (--timeout, 10 s). Names the root cause first. Wakes no sleeping model and loads none. Without a configured server it looks for those of this machine. Exit code 1 where something is wrong, 3 for warnings with --strict.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --url http://gpu1:8080 --timeout 5s',
    '<%= config.bin %> <%= command.id %> --target all --strict --output junit=report.xml',
    'docker logs llama 2>&1 | <%= config.bin %> <%= command.id %> --logs -',
    '<%= config.bin %> <%= command.id %> --bundle server.tar.gz',
    '<%= config.bin %> <%= command.id %> --from server.tar.gz --json | jq -r .rootCause',
  ];
  static override flags = { ...fleetFlags, ...askingFlags, ...inputFlags, ...reportFlags };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(Diagnose);
    if (flags['list-checks']) return this.listChecks();
    if (flags.logs !== undefined) return this.readLog(flags.logs, flags.strict, flags['fail-on']);
    if (flags.diff !== undefined) return this.compare(flags.diff);
    const { version } = this.config;
    const { output, width, signal } = this;
    const { env } = process;
    const { format, verbose, strict, output: files = [], only = [], skip = [], config } = flags;
    const selection = { only, skip };
    const show = async (diagnoses: readonly Diagnosis[]) => {
      process.exitCode = exitCodeOf(diagnoses, strict, flags['fail-on']);
      await report(diagnoses, { output, format, files, width, verbose, version });
      return documentOf(diagnoses);
    };
    const { diagnoseBundle, writeBundles } = await import('../diagnose/bundle.js');
    if (flags.from !== undefined) return show([await diagnoseBundle(flags.from, selection)]);
    const connections = await connectAll(flags, this.connectContext);
    const { wake, deep, insecure, 'ca-cert': caCert, timeout: deadlineMs = DEADLINE } = flags;
    const { diagnoseTargets } = await import('../diagnose/targets.js');
    const { startSpinner } = await import('../render/spinner.js');
    const how = { wake, deep, insecure, caCert, deadlineMs, selection, signal, env, config };
    const ask = async () => {
      const spinner = this.interactive ? await startSpinner('asking') : null;
      const onProgress = (what: string) => spinner?.update(what);
      return diagnoseTargets(connections, { ...how, onProgress }).finally(() => spinner?.stop());
    };
    try {
      if (flags.watch !== undefined) return await this.watch(ask, flags.watch, verbose);
      const diagnoses = await ask();
      const secrets = connections.map(({ target }) => target.apiKey);
      for (const { path, redacted } of await writeBundles(flags.bundle, diagnoses, { version, secrets, env }))
        output.note(`… wrote ${path}; ${redacted} times something was taken out`);
      return await show(diagnoses);
    } finally {
      await Promise.all(connections.map(({ client }) => client.destroy()));
    }
  }

  private async watch(ask: () => Promise<Diagnosis[]>, everyMs: number, verbose: boolean): Promise<never> {
    const { watchDiagnoses } = await import('../diagnose/watch.js');
    const { renderWatchEvent } = await import('../render/watch-event.js');
    const events = watchDiagnoses(ask, everyMs, this.signal);
    for (;;) {
      const { value } = await events.next();
      const { time, diagnosis } = value;
      if (this.jsonEnabled()) this.output.jsonLine({ time: time.toISOString(), ...diagnosis });
      else this.output.print(renderWatchEvent(value, { width: this.width, verbose }));
    }
  }

  private async compare(files: readonly string[]) {
    const { compareFiles } = await import('../diagnose/bundle.js');
    const { renderComparison } = await import('../render/comparison.js');
    const comparison = await compareFiles(files);
    this.output.print(renderComparison(comparison, this.width));
    return comparison;
  }

  private async readLog(file: string, strict: boolean, failOn: readonly string[] | undefined) {
    const { diagnoseLog } = await import('../diagnose/log.js');
    const { renderLogDiagnosis } = await import('../render/log-diagnosis.js');
    const diagnosis = await diagnoseLog(file, process.stdin);
    process.exitCode = exitCodeOf([diagnosis], strict, failOn);
    this.output.print(renderLogDiagnosis(diagnosis, this.width));
    return diagnosis;
  }

  private async listChecks() {
    const { CHECKS } = await import('../diagnose/checks.js');
    const { renderChecks } = await import('../render/diagnosis-checks.js');
    const checks = CHECKS.map(({ id, title, needs }) => ({ id, title, needs }));
    this.output.print(renderChecks(checks, this.width));
    return { checks };
  }
}
