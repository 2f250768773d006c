import type { Finding } from '../../catalogue/entry.js';
import { type Check, failed, finding, passed } from '../check.js';

/** Which file won, and nothing is odd in it. */
export const configurationFile: Check = {
  id: 'configuration.file',
  title: 'the configuration says what it should',
  category: 'configuration',
  needs: [],
  asks: [],
  run(facts) {
    const { file, problems, urlOrigin } = facts.configured;
    const source = file ?? 'no file';
    const summary =
      urlOrigin === 'default' || urlOrigin.startsWith(file ?? '\0')
        ? source
        : `${source}, address by ${urlOrigin}`;
    const findings = problems.map(
      ({ severity, message, place }, index): Finding =>
        finding('config.invalid', facts, {
          severity: severity === 'error' ? 'warning' : severity,
          title: message,
          evidence: [place],
          rank: 35 - Math.min(index, 9),
          remedies: [
            {
              text: 'See all that is odd in it:',
              commands: [`llamactl config validate ${file ?? ''}`.trim()],
            },
          ],
        }),
    );
    const warned = findings.filter(({ severity }) => severity !== 'info');
    return warned.length > 0
      ? failed(`${summary}: ${warned.length} odd`, ...findings)
      : passed(summary, ...findings);
  },
};
