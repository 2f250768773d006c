import { sharesPool } from '../../context.js';
import type { DeployPlan } from '../../plan.js';
import type { GeneratedFile, TargetOptions } from '../../target.js';
import { commandText, sizingText } from '../../texts.js';
import { toYaml } from '../../yaml.js';
import { generalReasons } from '../k8s/reasons.js';
import { goOf } from './condition.js';
import { helpersText } from './helpers.js';
import { templateOf } from './markup.js';
import { merge, PAIR } from './merge.js';
import { NOTES } from './notes.js';
import { fieldsOf, placed, withLabels } from './places.js';
import { podOf } from './pod.js';
import { CHANGES, type Change, type SymbolicPlan, symbolicPlan } from './symbolic.js';
import { TEMPLATES, type Template } from './templates.js';
import { testPod } from './test-pod.js';
import { valuesOf, valuesSchema } from './values.js';
import { valuesText } from './values-text.js';

/**
 * The files of a chart. Its templates are the same whatever was asked for, since all of that is in the values: they are made
 * by the functions that write the manifests, from a plan that has markers in the place of values.
 */
export function chartFiles(plan: DeployPlan, { explain }: TargetOptions): GeneratedFile[] {
  const build = buildOf(plan);
  return [
    {
      path: 'Chart.yaml',
      content: toYaml({
        apiVersion: 'v2',
        name: plan.options.name,
        description: `llama-server with ${plan.models.map(({ alias }) => alias).join(', ')}`,
        type: 'application',
        version: '0.1.0',
        ...(build === null ? {} : { appVersion: build }),
        kubeVersion: '>=1.25.0-0',
        keywords: ['llama.cpp', 'llm', 'inference'],
      }),
    },
    { path: 'values.yaml', content: valuesText(valuesOf(plan), plan, headerOf(plan)) },
    { path: 'values.schema.json', content: valuesSchema() },
    { path: 'sizing.json', content: sizingJson(plan) },
    ...templateFiles(explain),
    { path: 'templates/NOTES.txt', content: NOTES },
    { path: '.helmignore', content: '.git/\n.DS_Store\n*.tmp\n*.bak\n*.orig\n*.tgz\n*.gguf\n' },
  ];
}

/** The templates, which are made once: they do not depend on the plan. */
function templateFiles(explain: boolean): readonly GeneratedFile[] {
  const known = MADE.get(explain);
  if (known !== undefined) return known;
  const files = [
    { path: 'templates/_helpers.tpl', content: helpersText() },
    { path: 'templates/_pod.tpl', content: podDefinition(explain) },
    ...TEMPLATES.map((template) => ({
      path: `templates/${template.name}.yaml`,
      content: templateText(template, explain),
    })),
    { path: 'templates/tests/health.yaml', content: testText() },
  ];
  MADE.set(explain, files);
  return files;
}

const MADE = new Map<boolean, readonly GeneratedFile[]>();

/** The build of the image; null where its tag moves on. */
function buildOf({ image }: DeployPlan): string | null {
  return /-(b\d+)(?:@|$)/.exec(image.reference)?.[1] ?? null;
}

/** The command that gives the chart again, and the figures that its values stand on. */
function headerOf(plan: DeployPlan): string[] {
  return [
    `${plan.models.map(({ alias }) => alias).join(', ')}: ${sizingText(plan)}.`,
    `Made by: ${commandText(plan, 'k8s', ['--helm'])}`,
  ];
}

function sizingJson(plan: DeployPlan): string {
  const facts = {
    text: sizingText(plan),
    ctxSize: plan.contextSize,
    parallel: plan.slots,
    sharesPool: sharesPool(plan.options),
    cacheType: plan.options.cacheType,
    gpus: plan.options.gpus,
    files: plan.models.flatMap(({ files }) => files.map(({ name }) => name)),
    largestCtxSize: plan.largestContextSize,
    sizing: plan.sizing,
  };
  return `${JSON.stringify(facts, null, 2)}\n`;
}

function templateText({ name, when, base, object, changedBy = [], places = [] }: Template, explain: boolean) {
  const made = (plan: SymbolicPlan) => placed(withLabels(object(plan), plan.plan), places);
  const tree = merged(made, base ?? {}, changedBy);
  const kind = String(fieldsOf(object(symbolicPlan(base)))['kind']);
  const text = templateOf(tree, { root: kind, reasons: explain ? generalReasons() : undefined });
  const check = name === 'service' ? '{{- include "llamactl.check" $ }}\n' : '';
  return `${check}${when === undefined ? text : `{{- if ${goOf(when)} }}\n${text}{{- end }}\n`}`;
}

/** An object with all that options change in it. */
function merged(
  made: (plan: SymbolicPlan) => unknown,
  base: Parameters<typeof symbolicPlan>[0],
  changedBy: readonly (keyof typeof CHANGES)[],
): unknown {
  const dimensions = changedBy.map((name) => {
    const [condition, ...others]: Change = CHANGES[name];
    return {
      base: condition,
      others: others.map(([when, change]) => ({
        when,
        tree: made(symbolicPlan({ ...base, ...change })),
      })),
    };
  });
  return unpaired(merge(made(symbolicPlan(base)), dimensions));
}

/** Flags and values as items of their own again. */
function unpaired(tree: unknown): unknown {
  if (Array.isArray(tree))
    return tree.flatMap((item) =>
      typeof item === 'string' && item.includes(PAIR) ? item.split(PAIR) : [unpaired(item)],
    );
  if (typeof tree !== 'object' || tree === null) return tree;
  return Object.fromEntries(Object.entries(tree).map(([name, value]) => [name, unpaired(value)]));
}

const POD_CHANGES = [
  'bring',
  'key',
  'prefix',
  'token',
  'gpu',
  'quantizedCache',
  'router',
  'replicated',
  'storage',
  'perReplica',
] as const;

/** The pods, which both kinds of workload have. */
function podDefinition(explain: boolean): string {
  const made = (plan: SymbolicPlan) => withLabels(podOf(plan), plan.plan);
  const text = templateOf(
    { template: merged(made, {}, POD_CHANGES) },
    { root: 'spec', reasons: explain ? generalReasons() : undefined },
  );
  return `{{/* The pods, of a Deployment and of a StatefulSet alike. */}}\n{{- define "llamactl.pod" -}}\n${text
    .split('\n')
    .slice(1)
    .map((line) => line.replace(/^ {2}/, ''))
    .join('\n')
    .replaceAll(/nindent (\d+)/g, (_, columns: string) => `nindent ${Number(columns) - 2}`)}{{- end }}\n`;
}

function testText(): string {
  const made = (plan: SymbolicPlan) => withLabels(testPod(plan), plan.plan);
  return templateOf(merged(made, {}, ['key', 'prefix']));
}
