import { string as stringArg } from '@oclif/core/args';
import { boolean, custom, option } from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.js';
import { connectAll } from '../../cli/connect.js';
import { fleetFlags, listOf } from '../../cli/connection-flags.js';
import { EXIT } from '../../errors/exit-code.js';
import { FEATURES } from '../../services/compatibility/feature.js';
import type { Matrix, MatrixResult } from '../../services/compatibility/matrix.js';
import { parseRequirement, type Requirement, unmet } from '../../services/compatibility/requirement.js';

/** Milliseconds for a whole matrix, where none are given. */
const DEADLINE = 60_000;

const requirement = custom<Requirement>({
  helpValue: 'FEATURE',
  parse: async (text) => parseRequirement(text),
});

export default class ProviderTest extends BaseCommand {
  static override summary = 'Measure what a server can do: streaming, tools, images, keys and more.';
  static override description =
    'Asks a server some twelve short questions (400 tokens of answers at most) and shows what it does with each: ✓ yes, ⚠ partly, ✗ no, – not tested. Wakes no sleeping model and loads none without --wake. --timeout is the deadline for all of it (60 s). Exit code 1 only where something that --require names is missing; a server that cannot be used has the exit code of its failure.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> gpu1 laptop --require tools --require streaming',
    '<%= config.bin %> <%= command.id %> --target all --format markdown > providers.md',
    '<%= config.bin %> <%= command.id %> --json | jq -r \'.matrix[] | select(.result != "yes") | .feature\'',
  ];
  static override strict = false;
  static override args = {
    name: stringArg({ name: 'NAME', description: 'target of the configuration; several may be given' }),
  };
  static override flags = {
    ...fleetFlags,
    wake: boolean({
      description: 'ask a sleeping model too, which wakes it, and one that is not loaded, which loads it',
    }),
    require: requirement({
      description: `exit 1 where this is not ✓ (tools=partly takes ⚠ as well); several may be given: ${FEATURES.join(', ')}`,
      multiple: true,
      multipleNonGreedy: true,
    }),
    format: option({
      options: ['table', 'json', 'markdown'] as const,
      default: 'table',
      description: 'what stdout is for',
    })(),
  };

  async run(): Promise<Matrix | { targets: readonly Matrix[] }> {
    const { flags, raw } = await this.parse(ProviderTest);
    const named = raw.flatMap((token) => (token.type === 'arg' ? [token.input] : []));
    const target = [...listOf(flags.target), ...named];
    const connections = await connectAll(
      target.length === 0 ? flags : { ...flags, target },
      this.connectContext,
    );
    const { measureMatrices } = await import('../../cli/measure-matrices.js');
    const results = await measureMatrices(connections, {
      output: this.output,
      interactive: this.interactive,
      signal: this.signal,
      deadlineMs: flags.timeout ?? DEADLINE,
      wake: flags.wake,
    });
    const reports = results.map(({ report }) => report);
    const [first] = reports;
    const [only] = results;
    // One that cannot be asked anything fails as in every other command.
    if (results.length === 1 && only?.error && only.report.matrix.length === 0) throw only.error;
    const document = first !== undefined && reports.length === 1 ? first : { targets: reports };
    if (flags.format === 'json') {
      if (!this.jsonEnabled()) this.output.json(document);
    } else if (!this.jsonEnabled()) {
      const { matricesMarkdown, renderMatrices } = await import('../../render/matrix.js');
      this.output.print(
        flags.format === 'markdown' ? matricesMarkdown(reports) : renderMatrices(reports, this.width),
      );
    }
    process.exitCode = this.verdict(results, flags.require ?? []);
    return document;
  }

  /** The exit code; what is required and missing is told. */
  private verdict(results: readonly MatrixResult[], required: readonly Requirement[]): number {
    const missing = results.flatMap(({ report }) =>
      unmet(required, report.matrix).map(
        ({ feature, result }) => `${report.name ?? report.url}: ${feature} is required, and is ${result}`,
      ),
    );
    const failure = results.find(({ error }) => error !== null)?.error ?? null;
    if (failure !== null) return failure.exit;
    for (const line of missing) this.output.note(`! ${line}`);
    return missing.length === 0 ? EXIT.good : EXIT.badVerdict;
  }
}
