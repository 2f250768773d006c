import assert from 'node:assert/strict';
import { Parser } from '@oclif/core';
import { optionFlags, optionsOf } from '../../src/cli/deploy-flags.js';
import { splitAtDashes } from '../../src/cli/split-at-dashes.js';
import { type OptionsInput, parseOptions } from '../../src/deploy/options.js';
import { planDeployment } from '../../src/deploy/plan.js';
import { TARGETS } from '../../src/deploy/targets.js';
import { createRedactor } from '../../src/errors/redact.js';
import { assertCompose } from './compose-invariants.js';
import { assertKubernetes } from './k8s-invariants.js';
import { optionMatrix } from './matrix.js';
import { HUB_MODEL } from './models.js';
import { composeProject, composeServers, kubernetesObjects } from './read-back.js';

describe('manifests, whatever is asked for', () => {
  const matrix = optionMatrix();
  const redact = createRedactor([]);

  it('are tried with enough sets of options', () => {
    assert.ok(matrix.length >= 120, `${matrix.length} sets`);
  });

  for (const { name, plan } of matrix) {
    it(`Kubernetes: ${name}`, () => assertKubernetes(plan));

    it(`Compose: ${name}`, () => assertCompose(plan));

    it(`the server is started the same by both: ${name}`, () => {
      const objects = kubernetesObjects(plan);
      const workload = objects.find(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet');
      const { project } = composeProject(plan);
      for (const [, server] of composeServers(plan, project))
        assert.deepEqual(server.command, workload?.spec.template.spec.containers[0].args);
      assert.deepEqual(workload?.spec.template.spec.containers[0].args, plan.args);
    });

    it(`the same bytes each time, and none that is taken for a secret: ${name}`, () => {
      for (const target of Object.values(TARGETS)) {
        const files = target.files(plan, { explain: true });
        assert.deepEqual(target.files(plan, { explain: true }), files);
        // What goes to stdout goes through this; it would mangle the manifests.
        for (const { content } of files) assert.equal(redact(content), content);
      }
    });
  }
});

describe('a Compose project', () => {
  for (const [name, more] of [
    ['model', {}],
    ['grafana', { monitoring: true }],
  ] as const) {
    it(`has no second service that is called ${name}`, () => {
      const plan = planDeployment(parseOptions({ model: HUB_MODEL.given, name, ...more }), [HUB_MODEL]);
      assert.throws(
        () => TARGETS['docker-compose'].files(plan, { explain: false }),
        new RegExp(`--name ${name}: the project has another service that is called ${name}`),
      );
    });
  }
});

describe('the command that stands in the first file', () => {
  /** The words that a shell makes of a command. */
  const wordsOf = (command: string) =>
    (command.match(/(?:'[^']*'|\\.|[^\s'\\])+/g) ?? []).map((word) =>
      word.replace(/'([^']*)'|\\(.)/g, (_, quoted = '', escaped = '') => `${quoted}${escaped}`),
    );

  it('gives the same files again', async () => {
    const more: OptionsInput = {
      model: [HUB_MODEL.given],
      alias: 'team/model',
      autoscale: '2..3',
      prometheusUrl: 'http://prometheus.example.com:9090',
      backend: 'vulkan',
      gpuVendor: 'intel',
      gpuMemory: '10.5GiB',
      cpu: '1500m',
      ingressClass: 'public',
      host: 'llm.example.com',
      apiKeySecret: 'a/b',
    };
    const plans = [
      ...optionMatrix().map(({ plan }) => plan),
      planDeployment(parseOptions(more), [HUB_MODEL]),
    ];
    for (const plan of plans) {
      for (const target of ['docker-compose', 'k8s'] as const) {
        const { files } = TARGETS[target];
        const written = files(plan, { explain: false });
        const [, command = ''] = /^# Made by: (.*)$/m.exec(written[0]?.content ?? '') ?? [];
        const [own, extra] = splitAtDashes(wordsOf(command).slice(3));
        const { flags } = await Parser.parse(own, { flags: optionFlags, strict: true });
        const again = planDeployment(parseOptions(optionsOf(flags, extra)), plan.models);
        assert.deepEqual(files(again, { explain: false }), written, `${target}: ${command}`);
      }
    }
  }).timeout(60_000);
});

describe('--explain', () => {
  /** Lines that say what something is, not how it is. */
  const SELF_EVIDENT =
    /^\s*(?:- )?(?:apiVersion|kind|name|namespace|app\.kubernetes\.io\/[\w-]+|grafana_dashboard):/;

  /** Lines with a value that have no comment above them, nor above a block that they are in. */
  function unexplained(text: string): string[] {
    const found: string[] = [];
    /** Columns at which explained blocks begin; everything deeper is theirs. */
    let explained: number[] = [];
    let literal: number | null = null;
    let comment = false;
    for (const line of text.split('\n')) {
      const indent = line.length - line.trimStart().length;
      if (literal !== null && (line.trim() === '' || indent > literal)) continue;
      literal = null;
      if (line.trim() === '' || line === '---') continue;
      if (/^\s*(?:- )?#/.test(line)) {
        comment = true;
        // "- # why" begins the item's keys two columns on.
        continue;
      }
      explained = explained.filter((column) => column < indent);
      const value = /^\s*(?:- )?["\w./<-]+:(?: (.+))?$/.exec(line);
      if (comment) explained.push(indent);
      else if (value?.[1] !== undefined && explained.length === 0 && !SELF_EVIDENT.test(line))
        found.push(line);
      comment = false;
      if (/[|>]-?$/.test(line)) literal = indent;
    }
    return found;
  }

  it('notices a line without a reason', () => {
    assert.deepEqual(unexplained('# why\na:\n  b: 1\nc: 2\nd:\n  # because\n  e: |\n    f: 3\n'), ['c: 2']);
  });

  // A chart's templates are those of k8s; its values are explained by themselves (chart.test.ts).
  for (const target of ['docker-compose', 'k8s'] as const) {
    const { files } = TARGETS[target];
    it(`gives every line of ${target} a reason`, () => {
      const without = new Set<string>();
      for (const { plan } of optionMatrix()) {
        for (const { path, content } of files(plan, { explain: true })) {
          if (!/\.yaml$/.test(path) || path === 'kustomization.yaml') continue;
          for (const line of unexplained(content.replace(/^(?:# .*\n)+\n/, '')))
            without.add(`${path}: ${line.trim()}`);
        }
      }
      assert.deepEqual([...without], []);
    });

    it(`changes nothing else in ${target}`, () => {
      for (const { plan } of optionMatrix().slice(0, 20)) {
        const plain = files(plan, { explain: false });
        const explained = files(plan, { explain: true });
        for (const [index, { content }] of explained.entries()) {
          const bare = (text: string) => text.split('\n').filter((line) => !/^\s*#/.test(line));
          // A comment above the first key of a list's item stands on the line of its dash.
          assert.deepEqual(
            bare(content.replace(/^(\s*)- #.*\n(?:\s*#.*\n)*\s*/gm, '$1- ')),
            bare(plain[index]?.content ?? ''),
          );
        }
      }
    });
  }
});
