import { BaseCommand } from '../cli/base-command.js';
import { type Connection, connectAll } from '../cli/connect.js';
import { type ConnectionFlags, fleetFlags } from '../cli/connection-flags.js';
import { askingFlags, inputFlags, reportFlags } from '../cli/diagnose-flags.js';
import { documentOf, exitCodeOf, report } from '../cli/diagnose-report.js';
import type { Comparison } from '../diagnose/compare.js';
import type { LogDiagnosis } from '../diagnose/log.js';
import type { Diagnosis } from '../diagnose/runner.js';
import type { TargetsOptions } from '../diagnose/targets.js';
import { usageError } from '../errors/llamactl-error.js';

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
    const { output, width } = this;
    const selection = { only: flags.only ?? [], skip: flags.skip ?? [] };
    const { format, verbose, strict } = flags;
    const files = flags.output ?? [];
    const show = async (diagnoses: readonly Diagnosis[]) => {
      process.exitCode = exitCodeOf(diagnoses, strict, flags['fail-on']);
      await report(diagnoses, { output, format, files, width, verbose, version });
      return documentOf(diagnoses);
    };
    if (flags.from !== undefined) {
      const { diagnoseBundle } = await import('../diagnose/bundle.js');
      return show([await diagnoseBundle(flags.from, selection)]);
    }
    const options = {
      deadlineMs: flags.timeout ?? DEADLINE,
      wake: flags.wake,
      deep: flags.deep,
      caCert: flags['ca-cert'],
      insecure: flags.insecure,
      env: process.env,
      selection,
    };
    if (flags.watch !== undefined) return this.watch(flags, flags.watch, options);
    const { diagnoses, secrets } = await this.ask(flags, options);
    if (flags.bundle !== undefined) {
      const { writeBundles } = await import('../diagnose/bundle.js');
      const written = await writeBundles(flags.bundle, diagnoses, { version, secrets, env: process.env });
      for (const { path, redacted } of written)
        output.note(
          `… wrote ${path} (${redacted === 0 ? 'nothing had to be' : `${redacted} times something was`} taken out)`,
        );
    }
    return show(diagnoses);
  }

  private async ask(flags: ConnectionFlags, options: Omit<TargetsOptions, 'signal' | 'onProgress'>) {
    const connections = await connectAll(flags, this.connectContext);
    const { startSpinner } = await import('../render/spinner.js');
    const spinner = this.interactive ? await startSpinner('asking') : null;
    const { diagnoseTargets } = await import('../diagnose/targets.js');
    const onProgress = (what: string) => spinner?.update(what);
    const diagnoses = await diagnoseTargets(connections, {
      ...options,
      signal: this.signal,
      onProgress,
    }).finally(async () => {
      spinner?.stop();
      await Promise.all(connections.map(({ client }: Connection) => client.destroy()));
    });
    return { diagnoses, secrets: connections.map(({ target }) => target.apiKey) };
  }

  private async watch(
    flags: ConnectionFlags,
    everyMs: number,
    options: Omit<TargetsOptions, 'signal' | 'onProgress'>,
  ) {
    const { watchDiagnoses } = await import('../cli/diagnose-watch.js');
    const { output, width } = this;
    const ask = async () => (await this.ask(flags, options)).diagnoses;
    return watchDiagnoses(ask, { everyMs, output, width, json: this.jsonEnabled(), signal: this.signal });
  }

  private async compare(files: readonly string[]): Promise<Comparison> {
    const [before, after, third] = files;
    if (before === undefined || after === undefined || third !== undefined)
      throw usageError('--diff compares two: --diff BEFORE --diff AFTER');
    const [{ readBundle }, { compareDiagnoses }, { renderComparison }] = await Promise.all([
      import('../diagnose/bundle.js'),
      import('../diagnose/compare.js'),
      import('../render/comparison.js'),
    ]);
    const comparison = compareDiagnoses(await readBundle(before), await readBundle(after));
    this.output.print(renderComparison(comparison, this.width));
    return comparison;
  }

  private async readLog(
    file: string,
    strict: boolean,
    failOn: readonly string[] | undefined,
  ): Promise<LogDiagnosis> {
    const { diagnoseLog } = await import('../diagnose/log.js');
    const { renderLogDiagnosis } = await import('../render/log-diagnosis.js');
    const diagnosis = await diagnoseLog(file, process.stdin);
    process.exitCode = exitCodeOf([diagnosis], strict, failOn);
    this.output.print(renderLogDiagnosis(diagnosis, this.width));
    return diagnosis;
  }

  private async listChecks(): Promise<{ checks: { id: string; title: string; needs: readonly string[] }[] }> {
    const { CHECKS } = await import('../diagnose/checks.js');
    const { renderChecks } = await import('../render/diagnosis-checks.js');
    const checks = CHECKS.map(({ id, title, needs }) => ({ id, title, needs }));
    this.output.print(renderChecks(checks, this.width));
    return { checks };
  }
}
