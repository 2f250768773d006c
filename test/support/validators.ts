import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { aptInstall } from './apt.js';
import { DOCKER_COMPOSE, goBuild, KUBE_APISERVER } from './go-programs.js';
import { HELM, installKubectlHelm, KUBECTL } from './kubectl-helm.js';
import { goInstall, goModule, output, pipDownload, TOOLS, whole } from './tools.js';

/** Programs of others that judge what deploy-gen writes. All are pinned, and none is an npm package. */
export const KUBERNETES = '1.34.0';
const SCHEMAS_PACKAGE = 'kubernetes-validate==1.37.0';
/** Where CRDs are in the modules of those who define them. */
const CRDS: readonly (readonly [module: string, folder: string])[] = [
  ['github.com/kedacore/keda/v2@v2.21.0', 'config/crd/bases'],
  ['github.com/prometheus-operator/prometheus-operator@v0.85.0', 'example/prometheus-operator-crd'],
  ['sigs.k8s.io/gateway-api@v1.4.1', 'config/crd/standard'],
];

/** Where each is, or would be: a path, or a program's name. */
export const VALIDATORS = {
  kubeconform: join(TOOLS, 'kubeconform-0.8.0', 'kubeconform'),
  schemas: join(TOOLS, `kubernetes-schemas-${KUBERNETES}`),
  crds: join(TOOLS, 'crds-keda2.21-operator0.85-gateway1.4'),
  composeGo: join(TOOLS, 'compose-go-2.16.2', 'cmd'),
  kubectl: KUBECTL,
  helm: HELM,
  promtool: 'promtool',
  nginx: 'nginx',
  haproxy: 'haproxy',
  etcd: 'etcd',
  kubeApiServer: KUBE_APISERVER.place,
  kubeScore: join(TOOLS, 'kube-score-1.20.0', 'kube-score'),
  dockerCompose: DOCKER_COMPOSE.place,
  pyYaml: join(TOOLS, 'pyyaml-6.0.3', 'pyyaml.whl'),
} as const;

export type Validator = keyof typeof VALIDATORS;

/** Those that take minutes to build, and what goes with them: for `npm run test:admission` alone. */
const ONLY_FOR_ADMISSION: readonly Validator[] = [
  'etcd',
  'kubeApiServer',
  'kubeScore',
  'dockerCompose',
  'pyYaml',
];

/** Whether a validator can be run here. */
export function hasValidator(name: Validator): boolean {
  const place = VALIDATORS[name];
  if (place.includes('/')) return existsSync(place);
  return spawnSync(place, [name === 'promtool' || name === 'etcd' ? '--version' : '-v']).status === 0;
}

const INSTALLERS: Readonly<Record<Validator, () => boolean>> = {
  kubeconform: () => goInstall('github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0', VALIDATORS.kubeconform),
  composeGo: () => goInstall('github.com/compose-spec/compose-go/v2/cmd@v2.16.2', VALIDATORS.composeGo),
  schemas: coreSchemas,
  crds: crdSchemas,
  kubectl: installKubectlHelm,
  helm: installKubectlHelm,
  promtool: () => aptInstall('prometheus'),
  nginx: () => aptInstall('nginx-light'),
  haproxy: () => aptInstall('haproxy'),
  etcd: () => aptInstall('etcd-server'),
  kubeApiServer: () => goBuild(KUBE_APISERVER),
  kubeScore: () => goInstall('github.com/zegl/kube-score/cmd/kube-score@v1.20.0', VALIDATORS.kubeScore),
  dockerCompose: () => goBuild(DOCKER_COMPOSE),
  pyYaml: () =>
    whole(dirname(VALIDATORS.pyYaml), (folder) => {
      // Python reads packages out of a wheel as it is.
      const wheel = pipDownload('PyYAML==6.0.3', folder);
      if (wheel !== null) renameSync(wheel, join(folder, basename(VALIDATORS.pyYaml)));
      return wheel !== null;
    }),
};

/** What was looked for. */
export interface Found {
  readonly there: readonly Validator[];
  readonly missing: readonly Validator[];
}

/**
 * Gets the validators that are missing: of Go where Go is, of PyPI where pip is, of Debian where root is.
 * @param purpose `admission`: all of them
 * @param onInstall told before each that is not there yet, since some take minutes
 */
export function ensureValidators(
  purpose: 'manifests' | 'admission',
  onInstall: (name: Validator) => void = () => undefined,
): Found {
  const names = Object.keys(INSTALLERS).filter(
    (name): name is Validator =>
      name in VALIDATORS && (purpose === 'admission' || !ONLY_FOR_ADMISSION.some((each) => each === name)),
  );
  const missing = names.filter((name) => {
    if (hasValidator(name)) return false;
    onInstall(name);
    return !(INSTALLERS[name]() && hasValidator(name));
  });
  return { there: names.filter((name) => !missing.includes(name)), missing };
}

/** The schemas of Kubernetes' own kinds, with references as kubeconform follows them. */
function coreSchemas(): boolean {
  return whole(VALIDATORS.schemas, (folder) => {
    const wheel = pipDownload(SCHEMAS_PACKAGE, folder);
    const unpack =
      'import sys,zipfile,os\nz=zipfile.ZipFile(sys.argv[1])\n' +
      'for n in z.namelist():\n if sys.argv[3] in n: open(os.path.join(sys.argv[2],os.path.basename(n)),"wb").write(z.read(n))';
    const only = `/v${KUBERNETES}-local-strict/`;
    if (wheel === null || output('python3', ['-c', unpack, wheel, folder, only]) === null) return false;
    rmSync(wheel);
    for (const name of readdirSync(folder)) {
      const schema = z
        .record(z.string(), z.unknown())
        .parse(JSON.parse(readFileSync(join(folder, name), 'utf8')));
      const { $id: _, ...rest } = schema;
      const text = JSON.stringify(rest).replaceAll('"/api/_definitions.json#', '"_definitions.json#');
      writeFileSync(join(folder, name), text);
    }
    return true;
  });
}

const crdSchema = z.object({
  kind: z.literal('CustomResourceDefinition'),
  spec: z.object({
    group: z.string(),
    names: z.object({ kind: z.string() }),
    versions: z.array(z.object({ name: z.string(), schema: z.object({ openAPIV3Schema: z.unknown() }) })),
  }),
});

/** The definitions of kinds that others define, and their schemas as JSON Schema that refuses unknown fields. */
function crdSchemas(): boolean {
  return whole(VALIDATORS.crds, (folder) =>
    CRDS.every(([module, below]) => {
      const base = goModule(module);
      if (base === null) return false;
      for (const file of readdirSync(join(base, below)).filter((name) => name.endsWith('.yaml'))) {
        const text = readFileSync(join(base, below, file), 'utf8');
        for (const [index, document] of parseAllDocuments(text).entries()) {
          const crd = crdSchema.safeParse(document.toJS());
          if (!crd.success) continue;
          const { group, names, versions } = crd.data.spec;
          writeFileSync(join(folder, `${index}-${file}`), String(document));
          for (const { name, schema } of versions) {
            const path = `${names.kind}-${group.split('.')[0]}-${name}.json`.toLowerCase();
            writeFileSync(join(folder, path), JSON.stringify(closed(schema.openAPIV3Schema)));
          }
        }
      }
      return true;
    }),
  );
}

/** OpenAPI's schema as JSON Schema: closed objects, `nullable` and int-or-string spelt out. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const node: Record<string, unknown> = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [
      key,
      key === 'enum' || key === 'default' ? value : closed(value),
    ]),
  );
  if (node['x-kubernetes-int-or-string'] === true) return { type: ['integer', 'string'] };
  if (node['nullable'] === true && typeof node['type'] === 'string') node['type'] = [node['type'], 'null'];
  const isOpen = node['x-kubernetes-preserve-unknown-fields'] === true || 'additionalProperties' in node;
  if (typeof node['properties'] === 'object' && !isOpen) node['additionalProperties'] = false;
  return node;
}

/** Of kubeconform, for Kubernetes' own kinds and those of CRDs; files follow. */
export function kubeconformArgs(): string[] {
  return [
    '-strict',
    '-kubernetes-version',
    KUBERNETES,
    ...[VALIDATORS.schemas, VALIDATORS.crds].flatMap((place) => [
      '-schema-location',
      join(place, '{{.ResourceKind}}{{.KindSuffix}}.json'),
    ]),
    '-ignore-filename-pattern',
    'kustomization\\.yaml',
  ];
}
