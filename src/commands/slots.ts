import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../cli/base-command.js';
import { connect } from '../cli/connect.js';
import { connectionFlags } from '../cli/connection-flags.js';
import { isAsleep } from '../services/models.js';
import { slotState } from '../services/slots.js';
import type { Slot } from '../wire/slots.js';

export default class Slots extends BaseCommand {
  static override summary = "Show a server's slots: what each does and how full its context is.";
  static override description =
    'Asking a sleeping server for its slots wakes it, so this asks only one that is awake, unless --wake is given.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    "<%= config.bin %> <%= command.id %> --json | jq '[.slots[] | select(.is_processing)] | length'",
  ];
  static override flags = {
    ...connectionFlags,
    wake: boolean({ description: 'ask a sleeping server too, which wakes it' }),
  };

  async run(): Promise<{ slots: Slot[]; asleep?: true }> {
    const { flags } = await this.parse(Slots);
    const { client, target } = await connect(flags, this.connectContext, 'server');
    try {
      if (!flags.wake && (await isAsleep(client, this.signal))) {
        this.output.print(`☾ asleep: asking for the slots would wake ${client.baseUrl} (--wake does)`);
        return { slots: [], asleep: true };
      }
      const slots = await client.slots({
        signal: this.signal,
        ...(target.model === undefined ? {} : { model: target.model }),
      });
      if (!this.jsonEnabled()) {
        const { renderSlots } = await import('../render/slots.js');
        this.output.print(renderSlots(slots.map(slotState)));
      }
      return { slots };
    } finally {
      await client.destroy();
    }
  }
}
