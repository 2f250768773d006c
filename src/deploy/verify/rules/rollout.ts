import { get, list, type Manifest, text } from '../manifest.js';
import { advice, ofServer, serverRule } from '../rule.js';
import { hasGpu, type Server } from '../server.js';

/** A new pod that waits for what the old one holds, while the old one waits for the new one. */
export const rollout = serverRule(
  'rollout',
  'an update that cannot wait for itself',
  (server, { manifests }) => {
    const { manifest } = server;
    if (get(manifest.value, 'kind') !== 'Deployment') return [];
    const strategy = get(manifest.value, 'spec', 'strategy');
    if (get(strategy, 'type') === 'Recreate') return [];
    if (/^0%?$/.test(text(get(strategy, 'rollingUpdate', 'maxSurge')) ?? '')) return [];
    const given = text(get(manifest.value, 'spec', 'replicas'));
    const replicas = given === null && isScaled(manifest, manifests) ? 2 : Number(given ?? 1);
    const holds = [
      ...volumesOf(server, manifests, replicas),
      ...(hasGpu(server) && replicas <= 1 ? ['the GPU, of which a second pod needs one more'] : []),
    ];
    if (holds.length === 0) return [];
    return [
      {
        ...ofServer(server, [], {
          code: 'k8s.unschedulable',
          severity: 'error',
          title:
            'an update waits forever: the new pod needs what the old one holds until the new one is ready',
          evidence: holds.map((what) => `held: ${what}`),
          remedies: advice('Stop the old pod first:', 'strategy: { type: Recreate }'),
        }),
        at: strategy === undefined ? ['spec'] : ['spec', 'strategy'],
      },
    ];
  },
);

/** Whether another object says how many there are. */
function isScaled({ value }: Manifest, manifests: readonly Manifest[]): boolean {
  const name = get(value, 'metadata', 'name');
  return manifests.some(
    (each) => name !== undefined && get(each.value, 'spec', 'scaleTargetRef', 'name') === name,
  );
}

/** Claims that one node at a time may mount. A claim that is not here is taken for such, as most are, with one replica. */
function volumesOf({ pod, manifest }: Server, manifests: readonly Manifest[], replicas: number): string[] {
  const namespace = text(get(manifest.value, 'metadata', 'namespace'));
  return list(get(pod?.spec, 'volumes')).flatMap((volume) => {
    const name = text(get(volume, 'persistentVolumeClaim', 'claimName'));
    if (name === null || get(volume, 'persistentVolumeClaim', 'readOnly') === true) return [];
    const claim = manifests.find(
      ({ value }) =>
        get(value, 'kind') === 'PersistentVolumeClaim' &&
        get(value, 'metadata', 'name') === name &&
        text(get(value, 'metadata', 'namespace')) === namespace,
    );
    if (claim === undefined)
      return replicas > 1 ? [] : [`the volume of ${name}, unless it may be mounted by many nodes`];
    const modes = list(get(claim.value, 'spec', 'accessModes')).map(text);
    return modes.some((mode) => mode?.endsWith('Many'))
      ? []
      : [`the volume of ${name} (${modes.join(', ')})`];
  });
}
