import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../cli/base-command.js';
import { type Connection, connectAll } from '../cli/connect.js';
import { fleetFlags } from '../cli/connection-flags.js';
import { diagnose } from '../diagnose/diagnose.js';
import type { Diagnosis } from '../diagnose/runner.js';
import { EXIT } from '../errors/exit-code.js';

/** Milliseconds for each question, where none is given: long enough for a loaded machine, short for somebody waiting. */
const QUESTION_TIMEOUT = 10_000;

export default class Diagnose extends BaseCommand {
  static override summary = 'Find out what is wrong with a server, and what to do about it.';
  static override description =
    'Asks a server what it is, whether it is ready, takes the key, has the model and context that are configured, and generates a token inside a deadline. Names the root cause first. Wakes no sleeping model and loads none. Exit code 1 where something is wrong, 3 for warnings with --strict.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --url http://gpu1:8080 --timeout 5s',
    '<%= config.bin %> <%= command.id %> --target all --strict',
    '<%= config.bin %> <%= command.id %> --json | jq -r .rootCause',
  ];
  static override flags = {
    ...fleetFlags,
    wake: boolean({ description: 'ask a sleeping model too, which wakes it' }),
    strict: boolean({ description: 'exit 3 where there are warnings' }),
  };

  async run(): Promise<Diagnosis | { targets: Diagnosis[] }> {
    const { flags } = await this.parse(Diagnose);
    const connections = await connectAll(flags, this.connectContext);
    const spinner = this.interactive
      ? await (await import('../render/spinner.js')).startSpinner('asking')
      : null;
    const examine = ({ target, client }: Connection) =>
      diagnose(target.name, {
        client,
        signal: this.signal,
        timeoutMs: flags.timeout ?? QUESTION_TIMEOUT,
        wake: flags.wake,
        configured: {
          model: target.model ?? null,
          models: target.models,
          contextSize: target.performance.nCtx ?? null,
          contextSizeOrigin: target.origins['performance.nCtx'] ?? null,
          keyGiven: target.apiKey !== undefined,
        },
        onProgress: (what) => spinner?.update(what),
      });
    const diagnoses = await Promise.all(connections.map(examine)).finally(async () => {
      spinner?.stop();
      await Promise.all(connections.map(({ client }) => client.destroy()));
    });
    process.exitCode = exitCodeOf(diagnoses, flags.strict);
    const { renderDiagnosis } = await import('../render/diagnosis.js');
    this.output.print(diagnoses.map((diagnosis) => renderDiagnosis(diagnosis, this.width)).join('\n\n'));
    const [first, second] = diagnoses;
    return first !== undefined && second === undefined ? first : { targets: diagnoses };
  }
}

function exitCodeOf(diagnoses: readonly Diagnosis[], strict: boolean): number {
  if (diagnoses.some(({ verdict }) => verdict === 'problem')) return EXIT.badVerdict;
  return strict && diagnoses.some(({ verdict }) => verdict === 'warning') ? EXIT.warnings : EXIT.good;
}
