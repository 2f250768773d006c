import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LlamactlError } from '../../../src/errors/llamactl-error.js';
import { downloadPackage, requireDownloader } from '../../../src/server/install/download.js';
import { contextOf } from '../../../src/server/install/ensure.js';
import type { PackagePin } from '../../../src/server/install/pins.js';
import { unzip } from '../../../src/server/install/unpack.js';

/** Makes a package as small as one can be. */
const MAKE_WHEEL = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as wheel:
    wheel.writestr('llamactl_parcel/data.txt', 'the content')
    wheel.writestr('llamactl_parcel/other.txt', 'not wanted')
    info = 'llamactl_parcel-1.0.dist-info/'
    wheel.writestr(info + 'METADATA', 'Metadata-Version: 2.1\\nName: llamactl-parcel\\nVersion: 1.0\\n')
    wheel.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr(info + 'RECORD', '')
`;

describe('downloading a pinned package with the real pip', () => {
  let folder: string;
  let pin: PackagePin;
  const wheel = 'llamactl_parcel-1.0-py3-none-any.whl';
  /** pip takes packages from a folder, and asks nobody else. */
  const context = () =>
    contextOf({ cacheDirectory: folder, env: { ...process.env, PIP_NO_INDEX: '1', PIP_FIND_LINKS: folder } });

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'llamactl-pip-'));
    const [python = 'python3'] = (await requireDownloader(context())).python;
    execFileSync(python, ['-c', MAKE_WHEEL, join(folder, wheel)]);
    const sha256 = createHash('sha256')
      .update(readFileSync(join(folder, wheel)))
      .digest('hex');
    pin = { name: 'llamactl-parcel', version: '1.0', format: 'wheel', sha256, size: 1000 };
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function failure(changed: Partial<PackagePin>, target: string): Promise<LlamactlError> {
    const tools = await requireDownloader(context());
    try {
      await downloadPackage({ ...pin, ...changed }, join(folder, target), tools, context());
    } catch (error) {
      assert.ok(error instanceof LlamactlError, String(error));
      return error;
    }
    assert.fail('it was accepted');
  }

  it('gets the file that was meant, and unpacks what is wanted of it', async () => {
    const tools = await requireDownloader(context());
    const file = await downloadPackage(pin, join(folder, 'good'), tools, context());
    assert.ok(file.endsWith(wheel));
    const target = join(folder, 'unpacked');
    await unzip(file, target, ['llamactl_parcel/data.txt'], tools, context());
    assert.equal(readFileSync(join(target, 'llamactl_parcel', 'data.txt'), 'utf8'), 'the content');
    assert.deepEqual(readdirSync(join(target, 'llamactl_parcel')), ['data.txt']);
  });

  it('refuses another file under the same name, and tells both hashes', async () => {
    const error = await failure({ sha256: '0'.repeat(64) }, 'wrong');
    assert.equal(error.code, 'server.not-installed');
    assert.match(error.message, /is not the file/);
    assert.match(error.evidence.join('\n'), new RegExp(`0{64}[\\s\\S]*${pin.sha256}`));
  });

  it('says so in pip’s own words where there is no such package', async () => {
    const error = await failure({ version: '2.0' }, 'absent');
    assert.equal(error.exit, 10);
    assert.match(error.message, /llamactl-parcel==2\.0 could not be downloaded/);
    assert.match(error.evidence.join('\n'), /No matching distribution|Could not find a version/);
  });
});
