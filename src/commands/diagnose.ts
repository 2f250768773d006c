import { BaseCommand } from '../cli/base-command.js';
import { connectAll } from '../cli/connect.js';
import { type ConnectionFlags, fleetFlags } from '../cli/connection-flags.js';
import { askingFlags, askingOptions, inputFlags, reportFlags, reportOptions } from '../cli/diagnose-flags.js';
import { exitCodeOf, report } from '../cli/diagnose-report.js';
import type { Diagnosis } from '../diagnose/runner.js';
import type { TargetsOptions } from '../diagnose/targets.js';

export default class Diagnose extends BaseCommand {
  static override summary = 'Find out what is wrong with a server, and what to do about it.';
  static override description =
    'Asks a server what it is, whether it is ready, takes the key, has the model and context that are configured, and answers inside a deadline (--timeout, 10 s). Names the root cause first. Wakes no sleeping model and loads none. Without a configured server it looks for those of this machine. Exit code 1 where something is wrong, 3 for warnings with --strict.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
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
    const { output, width, signal } = this;
    const { version } = this.config;
    const how = { ...reportOptions(flags), output, width, version };
    const { diagnoseBundle, writeBundles } = await import('../diagnose/bundle.js');
    const asking = askingOptions(flags);
    if (flags.from !== undefined) return report([await diagnoseBundle(flags.from, asking.selection)], how);
    const ask = () => this.ask(flags, { ...asking, signal, env: process.env });
    if (flags.watch !== undefined)
      return this.watch(async () => (await ask()).diagnoses, flags.watch, flags.verbose);
    let { diagnoses, secrets } = await ask();
    if (flags.fix) {
      const { editsFor } = await import('../diagnose/fix.js');
      const { offerEdits } = await import('../cli/offer-edits.js');
      const { config, yes } = flags;
      if (await offerEdits(diagnoses.flatMap(editsFor), { output, config, yes, signal }))
        ({ diagnoses, secrets } = await ask());
    }
    if (flags.bundle === undefined) return report(diagnoses, how);
    const { showConfig } = await import('../services/config-show.js');
    const { 'api-key': apiKey, ...given } = flags;
    const configuration = await showConfig({
      cwd: process.cwd(),
      env: process.env,
      flags: { ...given, apiKey },
    });
    const bundle = { version, secrets, env: process.env, configuration };
    for (const { path, redacted } of await writeBundles(flags.bundle, diagnoses, bundle))
      output.note(`… wrote ${path}; taken out of it: ${redacted} secrets, names and prompts`);
    return report(diagnoses, how);
  }

  private async ask(flags: ConnectionFlags, options: Omit<TargetsOptions, 'onProgress'>) {
    const connections = await connectAll(flags, this.connectContext);
    const { diagnoseTargets } = await import('../diagnose/targets.js');
    const { startSpinner } = await import('../render/spinner.js');
    const spinner = this.interactive ? await startSpinner('asking') : null;
    try {
      const onProgress = (what: string) => spinner?.update(what);
      const diagnoses = await diagnoseTargets(connections, { ...options, onProgress });
      return { diagnoses, secrets: connections.map(({ target }) => target.apiKey) };
    } finally {
      spinner?.stop();
      await Promise.all(connections.map(({ client }) => client.destroy()));
    }
  }

  private async watch(ask: () => Promise<Diagnosis[]>, everyMs: number, verbose: boolean) {
    const { watchDiagnoses } = await import('../diagnose/watch.js');
    const { renderWatchEvent } = await import('../render/watch-event.js');
    const layout = { width: this.width, verbose };
    return this.follow(
      watchDiagnoses(ask, everyMs, this.signal),
      ({ time, diagnosis }) => ({ time: time.toISOString(), ...diagnosis }),
      (event) => renderWatchEvent(event, layout),
    );
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
