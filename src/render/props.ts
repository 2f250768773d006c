import type { Props } from '../wire/props.js';
import { count, plural } from './format.js';
import { bold } from './symbols.js';
import { hanging, padEnd } from './width.js';

/** What matters of a server's properties, as a short tree. */
export function renderProps(props: Props, url: string, width: number): string {
  const isRouter = props.role === 'router';
  const groups: [string, [string, string][]][] = [
    [
      'server',
      rows({
        address: url,
        build: props.build_info,
        mode: isRouter ? `router, up to ${plural(props.max_instances ?? 0, 'model')} at once` : undefined,
        state: props.is_sleeping ? 'asleep' : undefined,
      }),
    ],
    [
      'model',
      isRouter
        ? []
        : rows({
            name: props.model_alias,
            file: props.model_path,
            quantization: props.model_ftype,
            inputs: props.modalities ? ['text', ...enabled(props.modalities)].join(', ') : undefined,
          }),
    ],
    [
      'context',
      isRouter
        ? []
        : rows({
            slots: props.total_slots == null ? undefined : count(props.total_slots),
            'tokens a slot': props.default_generation_settings?.n_ctx
              ? count(props.default_generation_settings.n_ctx)
              : undefined,
          }),
    ],
    [
      'template',
      rows({
        supports: props.chat_template_caps
          ? enabled(props.chat_template_caps, 'supports_').join(', ') || 'plain text only'
          : undefined,
      }),
    ],
    [
      'endpoints',
      rows({
        metrics: onOff(props.endpoint_metrics, '--metrics'),
        slots: onOff(props.endpoint_slots, '--slots'),
        'props (POST)': onOff(props.endpoint_props, '--props'),
      }),
    ],
  ];
  return groups
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) =>
      [bold(title), ...lines.map(([name, value]) => hanging(value, width, `  ${padEnd(name, 14)}`))].join(
        '\n',
      ),
    )
    .join('\n');
}

function rows(values: Readonly<Record<string, string | null | undefined>>): [string, string][] {
  return Object.entries(values).flatMap(([name, value]) =>
    value == null || value === '' ? [] : [[name, value]],
  );
}

function enabled(flags: Readonly<Record<string, boolean>>, prefix = ''): string[] {
  return Object.entries(flags)
    .filter(([, on]) => on)
    .map(([name]) => name.replace(prefix, '').replaceAll('_', ' '));
}

function onOff(on: boolean | null | undefined, flag: string): string | undefined {
  return on == null ? undefined : on ? 'on' : `off (${flag} turns it on)`;
}
