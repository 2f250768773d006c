import { boolean, string } from '@oclif/core/flags';
import { BaseCommand } from '../cli/base-command.js';
import { type Connection, connectAll } from '../cli/connect.js';
import { fleetFlags } from '../cli/connection-flags.js';
import type { LogDiagnosis } from '../diagnose/log.js';
import type { Diagnosis } from '../diagnose/runner.js';
import { EXIT } from '../errors/exit-code.js';

/** Milliseconds for a whole diagnosis, where none are given: short for somebody waiting, enough for a slow first token. */
const DEADLINE = 10_000;

export default class Diagnose extends BaseCommand {
  static override summary = 'Find out what is wrong with a server, and what to do about it.';
  static override description =
    'Asks a server what it is, whether it is ready, takes the key, has the model and context that are configured, and generates a token inside a deadline. Names the root cause first. Wakes no sleeping model and loads none. Exit code 1 where something is wrong, 3 for warnings with --strict.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --url http://gpu1:8080 --timeout 5s',
    '<%= config.bin %> <%= command.id %> --target all --strict',
    '<%= config.bin %> <%= command.id %> --only "network.*" --only key.accepted',
    'docker logs llama 2>&1 | <%= config.bin %> <%= command.id %> --logs -',
    '<%= config.bin %> <%= command.id %> --json | jq -r .rootCause',
  ];
  static override flags = {
    ...fleetFlags,
    wake: boolean({
      description: 'ask a sleeping model too, which wakes it, and one of a router, which loads it',
    }),
    deep: boolean({
      description: 'ask what costs the server some work: a tool call, a prompt that is too long',
    }),
    logs: string({
      description: 'read the log of a server instead of asking one; - is stdin',
      helpValue: 'FILE|-',
      exclusive: ['url', 'target', 'wake', 'deep', 'only', 'skip'],
    }),
    strict: boolean({ description: 'exit 3 where there are warnings' }),
    only: string({
      description: 'run this check alone, with what it needs; * stands for anything',
      helpValue: 'CHECK',
      multiple: true,
      multipleNonGreedy: true,
    }),
    skip: string({
      description: 'leave this check out',
      helpValue: 'CHECK',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'list-checks': boolean({ description: 'list all checks' }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(Diagnose);
    if (flags['list-checks']) return this.listChecks();
    if (flags.logs !== undefined) return this.readLog(flags.logs, flags.strict);
    const connections = await connectAll(flags, this.connectContext);
    const spinner = this.interactive
      ? await (await import('../render/spinner.js')).startSpinner('asking')
      : null;
    const { diagnoseTargets } = await import('../diagnose/targets.js');
    const diagnoses = await diagnoseTargets(connections, {
      signal: this.signal,
      deadlineMs: flags.timeout ?? DEADLINE,
      wake: flags.wake,
      deep: flags.deep,
      caCert: flags['ca-cert'],
      insecure: flags.insecure,
      env: process.env,
      selection: { only: flags.only ?? [], skip: flags.skip ?? [] },
      onProgress: (what: string) => spinner?.update(what),
    }).finally(async () => {
      spinner?.stop();
      await Promise.all(connections.map(({ client }: Connection) => client.destroy()));
    });
    process.exitCode = exitCodeOf(diagnoses, flags.strict);
    const { renderDiagnoses } = await import('../render/diagnosis.js');
    this.output.print(renderDiagnoses(diagnoses, { width: this.width, verbose: flags.verbose }));
    const [first, second] = diagnoses;
    return first !== undefined && second === undefined ? first : { targets: diagnoses };
  }

  private async readLog(file: string, strict: boolean): Promise<LogDiagnosis> {
    const { diagnoseLog } = await import('../diagnose/log.js');
    const { renderLogDiagnosis } = await import('../render/log-diagnosis.js');
    const diagnosis = await diagnoseLog(file, process.stdin);
    process.exitCode = exitCodeOf([diagnosis], strict);
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

function exitCodeOf(diagnoses: readonly Pick<Diagnosis, 'verdict'>[], strict: boolean): number {
  if (diagnoses.some(({ verdict }) => verdict === 'problem')) return EXIT.badVerdict;
  return strict && diagnoses.some(({ verdict }) => verdict === 'warning') ? EXIT.warnings : EXIT.good;
}
