import { isDeepStrictEqual } from 'node:util';
import type { DeployPlan } from '../../plan.js';
import { toYaml } from '../../yaml.js';
import { labelsOf, selectorLabels } from '../k8s/objects.js';
import { lines } from './markup.js';

/** Where a template differs from what the symbolic plan gives: names and positions that lead there, and what is there. */
export type Place = readonly [path: readonly string[], become: (value: unknown) => unknown];

export type Fields = Readonly<Record<string, unknown>>;

/** The fields of an object; none where it is none. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}

/** An object with its places changed. A place that is not there is left out, but for its last name. */
export function placed(tree: unknown, places: readonly Place[]): unknown {
  return places.reduce((sofar, [path, become]) => changedAt(sofar, path, become), tree);
}

function changedAt(tree: unknown, path: readonly string[], become: Place[1]): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return become(tree);
  if (Array.isArray(tree))
    return tree.map((item) => (fieldsOf(item)['name'] === name ? changedAt(item, rest, become) : item));
  const fields = fieldsOf(tree);
  if (!(name in fields)) return tree;
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      key === name ? changedAt(value, rest, become) : value,
    ]),
  );
}

/** A value that is always this. */
export function become(value: unknown): Place[1] {
  return () => value;
}

/** The lines of a named template of the chart. */
export function included(name: string): Fields {
  return lines(`{{- include "llamactl.${name}" $ | nindent <0> }}`);
}

/** What users give, under a name of its own, where they give any. */
export function given(name: string, path: string): Fields {
  return lines(`{{- with $.Values.${path} }}`, `${name}:`, `  {{- toYaml . | nindent <2> }}`, '{{- end }}');
}

/** Metadata with the annotations of a value, instead of its own. */
export function annotatedBy(path: string): Place {
  return [
    ['metadata'],
    (metadata) => {
      const { annotations: _, ...rest } = fieldsOf(metadata);
      return { ...rest, ...given('annotations', path) };
    },
  ];
}

/** More labels of the user's. */
export function alsoLabelled(path: string): Place {
  return [
    ['metadata', 'labels'],
    (labels) => ({
      ...fieldsOf(labels),
      ...lines(`{{- with $.Values.${path} }}`, '{{- toYaml . | nindent <0> }}', '{{- end }}'),
    }),
  ];
}

/** Fields of our own, and beside them those of the user. */
export function listWith(name: string, own: string, items: unknown, path: string): Fields {
  const text = toYaml(items).trimEnd().split('\n');
  return lines(
    `{{- if or $.Values.${own} $.Values.${path} }}`,
    `${name}:`,
    `  {{- if $.Values.${own} }}`,
    ...text.map((line) => `  ${line}`),
    '  {{- end }}',
    `  {{- with $.Values.${path} }}`,
    '  {{- toYaml . | nindent <2> }}',
    '  {{- end }}',
    '{{- end }}',
  );
}

/** The labels of a plan as Helm's usual helpers. */
export function withLabels(tree: unknown, plan: DeployPlan): unknown {
  const selector = selectorLabels(plan);
  const managed = Object.entries(labelsOf(plan)).find(([name]) => !(name in selector)) ?? ['', ''];
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null) return value;
    const fields = fieldsOf(value);
    const names = Object.keys(selector);
    if (names.length > 0 && names.every((name) => isDeepStrictEqual(fields[name], selector[name]))) {
      const isAll = managed[0] in fields;
      const rest = Object.entries(fields).filter(([name]) => !names.includes(name) && name !== managed[0]);
      return { ...included(isAll ? 'labels' : 'selectorLabels'), ...Object.fromEntries(rest) };
    }
    return Object.fromEntries(
      Object.entries(fields).map(([name, item]) => [
        name,
        name === managed[0] && item === managed[1] ? '⟦releaseService⟧' : walk(item),
      ]),
    );
  };
  return walk(tree);
}
