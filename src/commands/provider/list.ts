import { BaseCommand } from '../../cli/base-command.js';
import { connectAll } from '../../cli/connect.js';
import { fleetFlags } from '../../cli/connection-flags.js';
import { eachOf } from '../../services/each.js';
import { describeProvider, type ProvidersDocument, type UnusableProvider } from '../../services/providers.js';

/** Servers that are asked at once. */
const AT_ONCE = 64;

export default class ProviderList extends BaseCommand {
  static override summary = 'Show each configured server: kind, state, models, latency.';
  static override description =
    'Asks every target of the configuration (or those that --target or --url name) in the way of its kind: llama-server /health and /v1/models, Ollama /api/tags, OpenRouter its key and models, others /v1/models. No model is woken or loaded. Exit 0 whatever their state, and where one cannot be asked as it is configured; llamactl health gates on it.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    "<%= config.bin %> <%= command.id %> --json | jq -r '.providers[] | select(.ready) | .name'",
  ];
  static override flags = fleetFlags;

  async run(): Promise<ProvidersDocument> {
    const { flags } = await this.parse(ProviderList);
    const isNamed = flags.target !== undefined || flags.url !== undefined;
    const unusable: UnusableProvider[] = [];
    const connections = isNamed
      ? await connectAll(flags, this.connectContext)
      : await connectAll({ ...flags, target: ['all'] }, this.connectContext, (name, error) =>
          unusable.push({ name, error: error.toJSON() }),
        );
    const providers = await eachOf(connections, AT_ONCE, ({ client, target, isDefault }) =>
      describeProvider(client, { ...target, isDefault }, this.signal),
    ).finally(() => Promise.all(connections.map(({ client }) => client.destroy())));
    if (!this.jsonEnabled()) {
      const { renderProviders } = await import('../../render/providers.js');
      this.output.print(renderProviders(providers, unusable, this.width));
    }
    return { providers, unusable };
  }
}
