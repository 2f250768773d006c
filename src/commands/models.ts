import { BaseCommand } from '../cli/base-command.js';
import { connect } from '../cli/connect.js';
import { connectionFlags } from '../cli/connection-flags.js';
import type { ModelList } from '../client/types.js';
import { listModels } from '../services/models.js';

export default class Models extends BaseCommand {
  static override summary = 'List the models that a server has, with size, quantisation and context.';
  static override description =
    'CONTEXT shows what one request may hold (a slot: the context divided by the slots) and what the model was trained for. A router lists every model that it could load; looking loads none.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --url http://gpu1:8080',
    "<%= config.bin %> <%= command.id %> --json | jq -r '.models[].id'",
  ];
  static override flags = connectionFlags;

  async run(): Promise<ModelList> {
    const { flags } = await this.parse(Models);
    const { client, target } = await connect(flags, this.connectContext);
    const list = await listModels(client, this.signal, target.provider).finally(() => client.destroy());
    if (!this.jsonEnabled()) {
      const { renderModels } = await import('../render/models.js');
      this.output.print(renderModels(list, this.width));
    }
    return list;
  }
}
