import { shellQuote } from '../../catalogue/fill.js';
import type { DeployPlan } from '../plan.js';
import type { DeployTarget, NextStep } from '../target.js';
import { chartFiles } from './helm/chart.js';
import { afterwards, kubernetes, secretSteps } from './k8s.js';

/** A Helm chart of the objects that `k8s` writes. */
export const helmChart: DeployTarget = {
  files: (plan, options) => {
    // What the manifests refuse, the chart of them refuses too.
    kubernetes.files(plan, { explain: false });
    return chartFiles(plan, options);
  },
  // A chart is a folder, or a .tgz that helm package makes of it.
  stream: () => null,
  hashes: kubernetes.hashes,
  // Its values name a secret, and are kept in repositories.
  unused: [...kubernetes.unused, 'generateSecret'],
  warnings: kubernetes.warnings,
  next: nextSteps,
};

function nextSteps(plan: DeployPlan, folder: string | null): NextStep[] {
  const { name, namespace } = plan.options;
  const where = namespace === undefined ? '' : ` --namespace ${namespace}`;
  return [
    ...secretSteps(plan, null),
    {
      text: 'Install it, or what has changed of it:',
      commands: [
        `helm upgrade --install ${name} ${chartPath(folder ?? 'CHART')}${where}${namespace === undefined ? '' : ' --create-namespace'}`,
      ],
    },
    ...afterwards(plan),
    { text: 'Ask it from inside the cluster:', commands: [`helm test ${name}${where}`] },
  ];
}

/** A folder beginning with `./`, since helm looks for other names in repositories. */
function chartPath(folder: string): string {
  return shellQuote(/^[./]/.test(folder) ? folder : `./${folder}`);
}
