import { type DeployOptions, flagOf } from '../../options.js';

/** What only Kubernetes has. One values file serves both, so that it is no error. */
export function leftOut(options: DeployOptions): string[] {
  const names = [
    ...(['namespace', 'storageClass', 'ingressClass', 'gateway'] as const).filter(
      (name) => options[name] !== undefined,
    ),
    ...(options.storage === undefined || options.storage.kind === 'image' ? [] : ['storage']),
  ];
  return names.length === 0
    ? []
    : [`for Kubernetes only, and left out here: ${names.map(flagOf).join(', ')}`];
}
