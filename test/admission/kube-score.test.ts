import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { z } from 'zod';
import { TARGETS } from '../../src/deploy/targets.js';
import { optionMatrix } from '../deploy/matrix.js';
import { hasValidator, VALIDATORS } from '../support/validators.js';

/** What kube-score finds and what is meant so: docs/deploy.md gives the reasons ("What was checked, and what was not"). */
const MEANT: readonly string[] = ['Container Image Pull Policy', 'Pod Probes Identical'];

const scores = z.array(
  z.object({
    object_name: z.string(),
    checks: z.array(
      z.object({
        check: z.object({ id: z.string(), name: z.string() }),
        /** 1 is critical, 5 a warning, 10 good. */
        grade: z.number(),
        skipped: z.boolean(),
        comments: z
          .array(z.object({ path: z.string(), summary: z.string(), description: z.string() }))
          .nullable(),
      }),
    ),
  }),
);

/** What it calls critical in a stream of objects. */
function critical(text: string): string[] {
  const { stdout, stderr, error } = spawnSync(VALIDATORS.kubeScore, ['score', '-o', 'json', '-'], {
    input: text,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  assert.ifError(error);
  assert.equal(stderr, '');
  return scores
    .parse(JSON.parse(stdout))
    .flatMap(({ object_name, checks }) =>
      checks
        .filter(({ skipped, grade }) => !skipped && grade === 1)
        .flatMap(({ check, comments }) =>
          (comments ?? []).map(({ path, summary }) => `${check.name}: ${object_name} ${path}: ${summary}`),
        ),
    );
}

if (hasValidator('kubeScore')) {
  describe('what kube-score says', function () {
    this.timeout(120_000);
    const streams = optionMatrix().map(({ name, plan }) => ({
      name,
      text: TARGETS.k8s.stream(TARGETS.k8s.files(plan, { explain: false })) ?? '',
    }));

    for (const { name, text } of streams) {
      it(`finds nothing critical in ${name} but what is meant so`, () => {
        assert.deepEqual(
          critical(text).filter((finding) => !MEANT.some((check) => finding.startsWith(`${check}: `))),
          [],
        );
      });
    }

    it('finds everything that the documentation explains, which would else be out of date', () => {
      const found = streams.flatMap(({ text }) => critical(text)).join('\n');
      for (const check of MEANT) assert.ok(found.includes(check), check);
    });

    for (const [what, from, to, finding] of [
      ['no limits', /^ {12}limits:\n(?: {14}.*\n)+/m, '', /Container Resources: .*limit/],
      [
        'a file system that can be written',
        /readOnlyRootFilesystem: true/g,
        'readOnlyRootFilesystem: false',
        /ReadOnlyRootFilesystem/i,
      ],
      [
        'an image that moves on',
        /image: ghcr\S+/,
        'image: ghcr.io/ggml-org/llama.cpp:latest',
        /Container Image Tag/,
      ],
      ['pods that no policy covers', /kind: NetworkPolicy/, 'kind: NetworkPolicies', /Pod NetworkPolicy/],
    ] as const) {
      it(`finds ${what} critical`, () => {
        const [{ text } = { text: '' }] = streams;
        assert.notEqual(text.replace(from, to), text);
        assert.match(critical(text.replace(from, to)).join('\n'), finding);
      });
    }
  });
}
