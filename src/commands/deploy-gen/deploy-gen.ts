import type { Interfaces } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.js';
import { optionFlags, optionsOf, outputFlags } from '../../cli/deploy-flags.js';
import type { Generated } from '../../deploy/generate.js';
import type { GeneratedFile } from '../../deploy/target.js';
import type { TargetName } from '../../deploy/targets.js';

/** The document of `deploy-gen`. */
export interface DeployDocument {
  readonly files: readonly GeneratedFile[];
  readonly sizing: Generated['plan']['sizing'];
  readonly effectiveFlags: readonly string[];
  readonly warnings: readonly string[];
  /** With `--diff`: a patch, empty where nothing would change. */
  readonly diff?: string;
}

/** What the commands of all targets share. */
export abstract class DeployGen extends BaseCommand {
  static override usage = '<%= command.id %> --model MODEL [FLAGS] [-- LLAMA-SERVER-OPTIONS]';
  static override flags = { ...optionFlags, ...outputFlags };

  /**
   * @param extra flags of llama-server's own, which stood after `--`
   * @param overlays of Kustomize, as `NAME=FILE`
   */
  protected async write(
    target: TargetName,
    flags: Interfaces.InferredFlags<typeof DeployGen.flags>,
    extra: readonly string[],
    overlays: readonly string[] = [],
  ): Promise<DeployDocument> {
    const [{ generate, gatherOptions }, { deliver }, { renderDeployment, renderOutcome, renderWarnings }] =
      await Promise.all([
        import('../../deploy/generate.js'),
        import('../../deploy/deliver.js'),
        import('../../render/deploy-gen.js'),
      ]);
    const json = this.jsonEnabled();
    const note = (text: string) => this.output.note(text);
    const common = { env: process.env, signal: this.signal };
    const given = { flags: optionsOf(flags, extra), values: flags.values, server: flags['from-server'] };
    const { input, placeOf, notes } = await gatherOptions(given, common);
    for (const fact of notes) note(`· ${fact}`);
    const onProgress = this.interactive ? (what: string) => note(`… ${what}`) : undefined;
    const options = { ...common, input, placeOf, flags: given.flags, explain: flags.explain, onProgress };
    const generated =
      overlays.length === 0
        ? await generate(target, options)
        : await (await import('../../deploy/overlays.js')).generateOverlays(options, overlays);
    this.output.addSecrets(...generated.files.map(({ key }) => key?.text));
    if (!json) note(renderDeployment(generated.plan, this.width));
    if (generated.warnings.length > 0) note(renderWarnings(generated.warnings, this.width));

    const outcome = await deliver(generated, { ...flags, dryRun: flags['dry-run'], json });
    if (outcome.kind === 'diff' && outcome.text !== '') process.exitCode = 1;
    if (outcome.kind === 'stream' || outcome.kind === 'diff') this.output.write(outcome.text);
    if (!json) note(renderOutcome(outcome, this.width));
    const { plan, files, warnings } = generated;
    const diff = outcome.kind === 'diff' ? { diff: outcome.text } : {};
    return {
      files: files.map(({ path, content }) => ({ path, content })),
      sizing: plan.sizing,
      effectiveFlags: plan.args,
      warnings,
      ...diff,
    };
  }
}
