import { string as stringArg } from '@oclif/core/args';
import { boolean, integer, string } from '@oclif/core/flags';
import { BaseCommand } from '../cli/base-command.js';
import { confirm } from '../cli/confirm.js';
import { startProgressLine } from '../cli/progress-line.js';
import { splitAtDashes } from '../cli/split-at-dashes.js';
import { LlamactlError } from '../errors/llamactl-error.js';
import { cacheFolder } from '../server/cache-folder.js';
import { keepUp, up } from '../server/up.js';

export default class Up extends BaseCommand {
  static override summary = 'Start a llama-server on this machine, and keep it until Ctrl-C.';
  static override description =
    'Takes the llama-server of --bin, LLAMA_SERVER_BIN, PATH (llama serve too) or the cache, gives it threads within the CPU quota and --metrics, waits until the model is loaded, and explains a start that fails. What stands after -- goes to llama-server and wins. Nothing is downloaded unless --install, hf: or a URL asks for it.';
  static override usage = '<%= command.id %> [MODEL] [FLAGS] [-- LLAMA-SERVER-OPTIONS]';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --tiny',
    '<%= config.bin %> <%= command.id %> ./qwen3-4b-q4_k_m.gguf -- -c 16384 -np 2',
    '<%= config.bin %> <%= command.id %> hf:ggml-org/gemma-3-1b-it-GGUF:Q4_K_M --port 8081',
    '<%= config.bin %> <%= command.id %> --tiny --install --yes --port 0 --json | jq -r .url',
  ];
  static override args = {
    model: stringArg({ description: 'a .gguf file, hf:USER/REPO[:QUANT], USER/REPO[:QUANT], or a URL' }),
  };
  static override flags = {
    tiny: boolean({ description: 'the built-in model of 2 MB, which always says the same' }),
    port: integer({
      description: 'port to listen on; 0 is any that is free',
      default: 8080,
      min: 0,
      max: 65_535,
    }),
    host: string({ description: 'address to listen on; 0.0.0.0 lets others in', default: '127.0.0.1' }),
    bin: string({ description: 'the llama-server to start (env LLAMA_SERVER_BIN)', helpValue: 'PATH' }),
    'api-key': string({ description: 'key that clients must give', helpValue: 'KEY' }),
    install: boolean({ description: 'where there is no llama-server, fetch one into the cache' }),
    yes: boolean({ char: 'y', description: 'do not ask before that download', dependsOn: ['install'] }),
  };

  async run(): Promise<void> {
    const [own, extra] = splitAtDashes(this.argv);
    const { args, flags } = await this.parse(Up, own);
    const { renderReady, renderUpEvent, upEventKey } = await import('../render/up.js');
    const { output, interactive } = this;
    const lines = { output, interactive, render: renderUpEvent, keyOf: upEventKey };
    const progress = await startProgressLine(lines);
    const mayInstall = (deed: string) => {
      progress.pause();
      const agreeing = `llamactl up ${args.model ?? '--tiny'} --install --yes`;
      const options = { yes: flags.yes, agreeing, signal: this.signal };
      return confirm('there is no llama-server here', deed, options);
    };
    const server = await up({
      ...args,
      ...flags,
      apiKey: flags['api-key'],
      extra,
      env: process.env,
      cacheDirectory: cacheFolder(),
      mayInstall: flags.install ? mayInstall : undefined,
      onEvent: progress.update,
      signal: this.signal,
    }).finally(progress.pause);
    const { url, model, port } = server.plan;
    if (this.jsonEnabled()) output.json({ url, pid: server.pid, model, port });
    else output.print(renderReady(server));
    try {
      await keepUp(server, this.signal, () => output.note('stopping; Ctrl-C again kills it'));
    } catch (error) {
      if (!this.jsonEnabled() || !(error instanceof LlamactlError)) throw error;
      // The one document is out already.
      output.note(`${error.message}\n${error.evidence.join('\n')}`);
      process.exitCode = error.exit;
    }
  }

  /** The document is printed when the server is ready, not when the command ends. */
  override logJson(): void {}
}
