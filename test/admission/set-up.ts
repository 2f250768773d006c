// Gets what test/admission runs: a Kubernetes API server, which is built in five minutes, and other judges of manifests.
// Called by bin/test.js: node --import tsx test/admission/set-up.ts OUT.json
import { writeFileSync } from 'node:fs';
import { ensureValidators, type Validator } from '../support/validators.js';

const [out] = process.argv.slice(2);
/** What takes minutes on two cores. */
const MINUTES: Readonly<Partial<Record<Validator, number>>> = {
  kubeApiServer: 5,
  kubeScore: 1.5,
  dockerCompose: 3.5,
};

const { there, missing } = ensureValidators('admission', (name) => {
  const minutes = MINUTES[name];
  process.stdout.write(
    `  ${name}: ${minutes === undefined ? 'getting it' : `building it, some ${minutes} minutes on two cores`}\n`,
  );
});
process.stdout.write(`  ${there.join(', ')}\n`);
if (out !== undefined) writeFileSync(out, JSON.stringify({ missing }));
