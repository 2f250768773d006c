import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../cli/base-command.js';
import { connect } from '../cli/connect.js';
import { connectionFlags } from '../cli/connection-flags.js';
import type { Props as ServerProps } from '../wire/props.js';

export default class Props extends BaseCommand {
  static override summary = "Show a server's properties: build, model, slots, template, endpoints.";
  static override description =
    'Asks /props, which does not wake a sleeping model. Needs the API key where there is one, so it is also the test of a key.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --raw',
    '<%= config.bin %> <%= command.id %> --json | jq .props.total_slots',
  ];
  static override flags = {
    ...connectionFlags,
    raw: boolean({ description: 'print all that the server sent, as JSON' }),
  };

  async run(): Promise<{ props: ServerProps }> {
    const { flags } = await this.parse(Props);
    const { client, target } = await connect(flags, this.connectContext, 'server');
    const query = { signal: this.signal, ...(target.model === undefined ? {} : { model: target.model }) };
    const props = await client.props(query).finally(() => client.destroy());
    if (this.jsonEnabled()) return { props };
    if (flags.raw) {
      this.output.json(props);
    } else {
      const { renderProps } = await import('../render/props.js');
      this.output.print(renderProps(props, client.baseUrl, this.width));
    }
    return { props };
  }
}
