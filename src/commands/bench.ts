import { BaseCommand } from '../cli/base-command.js';
import { agreeToLoad } from '../cli/bench-consent.js';
import {
  DEFAULT_TOLERANCE,
  loadFlags,
  loadOf,
  outputFlags,
  promptFlags,
  settingsOf,
  verdictFlags,
} from '../cli/bench-flags.js';
import { benchExit, checkWritable, reportBench, requestLines } from '../cli/bench-report.js';
import { connect } from '../cli/connect.js';
import { connectionFlags } from '../cli/connection-flags.js';
import { startProgressLine } from '../cli/progress-line.js';
import { renderProgress } from '../render/bench.js';
import { readBaseline } from '../services/bench/baseline.js';
import { bench } from '../services/bench/bench.js';
import type { BenchDocument } from '../services/bench/document.js';
import type { Progress } from '../services/bench/run.js';
import { parseSlo } from '../services/bench/slo.js';

/** Milliseconds between two lines of progress in a log. */
const LOG_INTERVAL = 10_000;

export default class Bench extends BaseCommand {
  static override summary = 'Load a server, measure it, and fail where it misses what was promised.';
  static override description =
    'Sends streamed chats, so many at a time or so many a second, and counts each from when it was to be sent. The prompts are random words, each new to the cache. Exit code 1 where a request failed, an --slo was missed or --compare found it worse; Ctrl-C ends early with what was measured so far (130). Names: ttft, tpot, itl, e2e, queue, prefill, decode (each with .p50 to .p99.9, .mean, .min, .max), errors, rps, tps, goodput.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --concurrency 1,2,4,8 --prompt-tokens 512 --max-tokens 128',
    "<%= config.bin %> <%= command.id %> --rate 5 --duration 1m --slo 'ttft.p95<=500ms' --slo 'errors<=1%'",
    "<%= config.bin %> <%= command.id %> --find-max --slo 'ttft.p95<=500ms' --slo 'itl.p99<=100ms'",
    '<%= config.bin %> <%= command.id %> -c 4 -n 200 --output new.json --html new.html --compare old.json',
  ];
  static override flags = {
    ...connectionFlags,
    ...loadFlags,
    ...promptFlags,
    ...verdictFlags,
    ...outputFlags,
  };

  async run(): Promise<BenchDocument> {
    const { flags } = await this.parse(Bench);
    const plan = loadOf(flags);
    const settings = settingsOf(flags);
    const slos = (flags.slo ?? []).map(parseSlo);
    const baseline = flags.compare === undefined ? null : readBaseline(flags.compare);
    await checkWritable(flags);
    const connection = await connect(flags, this.connectContext);
    const { target, client, label, open } = connection;
    const loadClient = open({ load: true });
    const progress = await startProgressLine<Progress>({
      output: this.output,
      interactive: this.interactive,
      render: (state) => renderProgress(state, this.width - 4),
      // In a log, a line every ten seconds.
      keyOf: (state) =>
        'step' in state
          ? state.step
          : `${JSON.stringify(state.load)} ${Math.floor(state.elapsedMs / LOG_INTERVAL)}`,
    });
    const lines = requestLines(flags.csv, this.output);
    try {
      await agreeToLoad(connection, { flags, bounds: plan.bounds, argv: this.argv, signal: this.signal });
      const document = await bench({
        ...plan,
        settings,
        slos,
        baseline,
        tolerance: flags.tolerance ?? DEFAULT_TOLERANCE,
        client: loadClient,
        openAnother: () => open({ load: true }),
        lookClient: client,
        target: label,
        url: client.baseUrl,
        provider: target.provider,
        model: target.model,
        timeoutMs: target.timeout,
        signal: this.signal,
        onNote: (sentence) => this.output.note(`! ${sentence}`),
        onProgress: progress.update,
        onRecord: lines.add,
      });
      progress.pause();
      process.exitCode = benchExit(document.verdict, this.signal);
      await reportBench(document, flags, lines, { output: this.output, width: this.width });
      return document;
    } finally {
      progress.pause();
      await Promise.all([client.destroy(), loadClient.destroy()]);
    }
  }
}
