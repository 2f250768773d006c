import { string as file } from '@oclif/core/args';
import { boolean, option } from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.js';
import type { Verification } from '../../deploy/verify/verify.js';
import { EXIT } from '../../errors/exit-code.js';

export default class Verify extends BaseCommand {
  static override summary = 'Say what is wrong with manifests that run llama-server, and where.';
  static override description =
    'Reads Docker Compose and Kubernetes files, ours or not: image, arguments (by the --help of the build), variables, probes and health checks, GPU, volumes, updates, threads, memory, key, rights, scrapes, metrics. Asks no cluster and no server. Exit code 1 where something is wrong, 3 for warnings with --strict.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> compose.yaml',
    '<%= config.bin %> <%= command.id %> deploy/ --strict --format github',
    'helm template . | <%= config.bin %> <%= command.id %> -',
    'kubectl get deploy,svc,ing -o yaml | <%= config.bin %> <%= command.id %> -',
  ];
  static override strict = false;
  static override args = { file: file({ description: 'files, folders, or - for stdin', name: 'FILE|DIR' }) };
  static override flags = {
    format: option({
      options: ['table', 'json', 'github', 'sarif'] as const,
      default: 'table',
      description: 'how to print what is found',
    })(),
    strict: boolean({ description: 'exit 3 where there are warnings' }),
  };

  async run(): Promise<Verification> {
    const { flags, raw } = await this.parse(Verify);
    const paths = raw.flatMap((token) => (token.type === 'arg' ? [token.input] : []));
    const { verifyPaths } = await import('../../deploy/verify/verify.js');
    const { verification, notes } = await verifyPaths(paths, process.stdin);
    for (const note of notes) this.output.note(`· ${note}`);
    const { valid, findings } = verification;
    process.exitCode = valid
      ? flags.strict && findings.length > 0
        ? EXIT.warnings
        : EXIT.good
      : EXIT.badVerdict;
    if (flags.format === 'table') {
      const { renderVerification } = await import('../../render/verification.js');
      this.output.print(renderVerification(verification, this.width));
    } else if (!this.jsonEnabled()) {
      const { renderVerificationReport } = await import('../../render/verification-formats.js');
      const report = renderVerificationReport(flags.format, verification, this.config.version);
      if (report !== '') this.output.raw(report);
    }
    return verification;
  }
}
