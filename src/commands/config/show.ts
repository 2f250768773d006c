import { BaseCommand } from '../../cli/base-command.js';
import { fleetFlags } from '../../cli/connection-flags.js';
import { EXIT } from '../../errors/exit-code.js';
import { type ShowDocument, showConfig } from '../../services/config-show.js';

const { url, target, kind, model, timeout, retries, config } = fleetFlags;

export default class ConfigShow extends BaseCommand {
  static override summary = 'Show the configuration as commands use it, and where every value is from.';
  static override description =
    'Flags and environment count as they would for a command. Keys are shown as ***, and neither a key file is read nor a command run for them.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --target cloud',
    "<%= config.bin %> <%= command.id %> --json | jq -r '.origins'",
  ];
  static override flags = {
    url,
    target,
    kind,
    'api-key': fleetFlags['api-key'],
    model,
    timeout,
    retries,
    config,
  };

  async run(): Promise<ShowDocument> {
    const { flags } = await this.parse(ConfigShow);
    const { 'api-key': apiKey, ...given } = flags;
    const document = await showConfig({
      cwd: process.cwd(),
      env: process.env,
      flags: { ...given, ...(apiKey === undefined ? {} : { apiKey }) },
    });
    if (document.problems.length > 0) process.exitCode = EXIT.usage;
    if (!this.jsonEnabled()) {
      const { renderConfig } = await import('../../render/config-show.js');
      this.output.print(renderConfig(document, this.width));
    }
    return document;
  }
}
