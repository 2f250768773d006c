import { BaseCommand } from '../../cli/base-command.js';
import { publishedSchema } from '../../services/config-schema.js';

export default class ConfigSchema extends BaseCommand {
  static override summary = 'Print the JSON Schema of a configuration, for editors.';
  static override description =
    'Draft 2020-12. An editor completes and checks what names it: a JSON file by its "$schema" key, a YAML file by a first line "# yaml-language-server: $schema=llamactl.schema.json".';
  static override examples = [
    '<%= config.bin %> <%= command.id %> > llamactl.schema.json',
    "<%= config.bin %> <%= command.id %> | jq '.properties.targets.additionalProperties.properties | keys'",
  ];

  async run(): Promise<Readonly<Record<string, unknown>>> {
    await this.parse(ConfigSchema);
    const schema = publishedSchema();
    if (!this.jsonEnabled()) this.output.json(schema);
    return schema;
  }
}
