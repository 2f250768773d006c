import { string as file } from '@oclif/core/args';
import { boolean, option, string } from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.js';
import { confirm } from '../../cli/confirm.js';
import { EXIT } from '../../errors/exit-code.js';
import {
  applyMigration,
  MIGRATION_FORMS,
  type MigrationDocument,
  migrationDocument,
  planMigration,
} from '../../services/config-migrate.js';

export default class ConfigMigrate extends BaseCommand {
  static override summary = 'Turn a configuration into another form: nothing in it is lost.';
  static override description =
    "From nanocoder's forms, the old one too, into llamactl's; or, with --to nanocoder, into the one that nanocoder reads today. Shows what would change and asks. A file that is overwritten is kept beside it. Doing it twice does nothing more.";
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> agents.config.json --to nanocoder',
    '<%= config.bin %> <%= command.id %> agents.config.json --dry-run',
    '<%= config.bin %> <%= command.id %> agents.config.json --format json --output llamactl.config.json --yes',
  ];
  static override args = {
    file: file({ description: 'the file; without it the one that would be used', name: 'FILE' }),
  };
  static override flags = {
    to: option({ options: MIGRATION_FORMS, default: 'llamactl', description: 'the form to write' })(),
    format: option({
      options: ['yaml', 'json'] as const,
      default: 'yaml',
      description: "of llamactl's form: both keep comments",
    })(),
    output: string({ char: 'o', description: 'the file to write', helpValue: 'FILE' }),
    'dry-run': boolean({ description: 'only show what would change' }),
    yes: boolean({ char: 'y', description: 'do not ask' }),
  };

  async run(): Promise<MigrationDocument> {
    const { args, flags } = await this.parse(ConfigMigrate);
    const plan = await planMigration({ cwd: process.cwd(), env: process.env, file: args.file, ...flags });
    this.output.addSecrets(...plan.secrets);
    const { renderPlan, renderWritten } = await import('../../render/config-migration.js');
    if (!plan.changed) {
      this.output.print(`${plan.output} is in ${plan.to}'s form: there is nothing to do.`);
      return migrationDocument(plan, false, null);
    }
    this.output.print(renderPlan(plan, this.width));
    if (flags['dry-run']) return migrationDocument(plan, false, null);
    const agreed = await confirm(`${plan.file} would become ${plan.output}`, 'write it', {
      yes: flags.yes,
      agreeing: `llamactl config migrate ${plan.file} --to ${plan.to} --yes`,
      signal: this.signal,
    });
    if (!agreed) {
      process.exitCode = EXIT.badVerdict;
      return migrationDocument(plan, false, null);
    }
    const backup = await applyMigration(plan);
    this.output.print(`\n${renderWritten(plan, backup)}`);
    return migrationDocument(plan, true, backup);
  }
}
