import { string as file } from '@oclif/core/args';
import { boolean, option, string } from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.js';
import { durationFlag, TARGET_ALIASES } from '../../cli/connection-flags.js';
import { EXIT } from '../../errors/exit-code.js';
import {
  documentOf,
  ruleTexts,
  type ValidationDocument,
  validateFiles,
} from '../../services/config-validate.js';

/** Milliseconds for each question, where none is given. */
const QUESTION_TIMEOUT = 10_000;

export default class ConfigValidate extends BaseCommand {
  static override summary = 'Say everything that is wrong with a configuration file, and where.';
  static override description =
    "Reads llamactl's own form and nanocoder's, in JSON or YAML. Without FILE, checks the file that would be used. With --live also asks the servers: reachable, key right, models there, context and deadlines as the file supposes. Exit code 2 for errors, 3 for warnings with --strict.";
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> llamactl.config.yaml agents.config.json --strict',
    "<%= config.bin %> <%= command.id %> 'deploy/**/llamactl.config.*' --format github",
    'cat agents.config.json | <%= config.bin %> <%= command.id %> -',
    '<%= config.bin %> <%= command.id %> --live',
  ];
  static override strict = false;
  static override args = { file: file({ description: 'files, patterns, or - for stdin', name: 'FILE' }) };
  static override flags = {
    config: string({ description: 'configuration file (env LLAMACTL_CONFIG)', helpValue: 'FILE' }),
    format: option({
      options: ['table', 'json', 'github', 'sarif'] as const,
      default: 'table',
      description: 'how to print what is found',
    })(),
    live: boolean({ description: 'ask the servers too' }),
    target: string({
      aliases: TARGET_ALIASES,
      description: 'with --live, ask this target only; several may be given',
      helpValue: 'NAME',
      multiple: true,
      multipleNonGreedy: true,
      dependsOn: ['live'],
    }),
    timeout: durationFlag({
      description: 'with --live, for each question (default 10s)',
      dependsOn: ['live'],
    }),
    strict: boolean({ description: 'exit 3 where there are warnings' }),
  };

  async run(): Promise<ValidationDocument> {
    const { flags, raw } = await this.parse(ConfigValidate);
    const validation = await validateFiles({
      cwd: process.cwd(),
      env: process.env,
      files: raw.flatMap((token) => (token.type === 'arg' ? [token.input] : [])),
      config: flags.config,
      stdin: process.stdin,
      live: flags.live
        ? { signal: this.signal, targets: flags.target ?? [], timeoutMs: flags.timeout ?? QUESTION_TIMEOUT }
        : null,
    });
    const document = documentOf(validation);
    const warns = document.files.some(({ problems }) => problems.length > 0);
    process.exitCode = document.valid ? (flags.strict && warns ? EXIT.warnings : EXIT.good) : EXIT.usage;
    if (flags.format === 'table') {
      const { renderValidation } = await import('../../render/config-problems.js');
      this.output.print(renderValidation(validation, this.width));
    } else if (!this.jsonEnabled()) {
      const { renderReport } = await import('../../render/config-formats.js');
      const report = renderReport(flags.format, document, ruleTexts(document), this.config.version);
      if (report !== '') this.output.raw(report);
    }
    return document;
  }
}
