import { string as text } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import type { TextMatch } from '../catalogue/match-text.js';
import { BaseCommand } from '../cli/base-command.js';
import { type ExplainedEntry, explain, type ListedEntry, listEntries } from '../services/explain.js';
import { inputOf, nothingToRead } from '../services/text-source.js';

export default class Explain extends BaseCommand {
  static override summary = 'Tell what a log, an error message or a code means, and what to do about it.';
  static override description =
    "Reads a log of llama-server (or of docker, kubectl, journald), an HTTP body, a client's message or Kubernetes events, and names the cause, with the lines that prove it and the commands that help. Asks no server. Exit code 0 where a cause was found, 1 where nothing known is wrong.";
  static override examples = [
    '<%= config.bin %> <%= command.id %> server.log',
    'docker logs llama 2>&1 | <%= config.bin %> <%= command.id %> -',
    '<%= config.bin %> <%= command.id %> "connect ECONNREFUSED 127.0.0.1:8080"',
    '<%= config.bin %> <%= command.id %> context.overflow',
    '<%= config.bin %> <%= command.id %> --list',
  ];
  static override args = {
    what: text({ description: 'a file, a text, a code, or - for stdin', name: 'TEXT|FILE|CODE|-' }),
  };
  static override flags = {
    list: boolean({ description: 'list all codes', char: 'l' }),
  };

  async run(): Promise<{ matches: readonly TextMatch[] } | ExplainedEntry | { entries: ListedEntry[] }> {
    const { args, flags } = await this.parse(Explain);
    const { renderEntry, renderList, renderMatches } = await import('../render/explain.js');
    const layout = { width: this.width, platform: process.platform };
    if (flags.list) {
      const entries = await listEntries();
      this.output.print(renderList(entries, layout));
      return { entries };
    }
    const found = await explain(await inputOf(args.what, process.stdin));
    if (found.kind === 'code') {
      this.output.print(renderEntry(found.entry, layout));
      return found.entry;
    }
    if (found.lines === 0) throw nothingToRead('llamactl explain -');
    this.output.print(renderMatches(found, layout));
    process.exitCode = found.matches.length > 0 ? 0 : 1;
    return { matches: found.matches };
  }
}
