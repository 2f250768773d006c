import { get, text } from '../manifest.js';
import { advice, type Rule } from '../rule.js';

/** A Service called `llama-arg…` puts `LLAMA_ARG_PORT=tcp://…` into every pod of its namespace. */
export const serviceLinks: Rule = {
  id: 'service-links',
  title: 'no variables of Services that llama-server reads',
  find: ({ manifests, servers }) => {
    const services = manifests.filter(
      ({ value }) =>
        get(value, 'kind') === 'Service' && /^llama-arg/.test(text(get(value, 'metadata', 'name')) ?? ''),
    );
    return servers.flatMap((server) => {
      if (server.pod === null || get(server.pod.spec, 'enableServiceLinks') === false) return [];
      const { at } = server.pod;
      const namespace = (value: unknown) => text(get(value, 'metadata', 'namespace')) ?? '';
      return services
        .filter(({ value }) => namespace(value) === namespace(server.manifest.value))
        .map(({ value }) => ({
          code: 'server.bad-argument' as const,
          severity: 'error' as const,
          title: `the Service ${text(get(value, 'metadata', 'name'))} sets variables that end llama-server`,
          evidence: [
            'Kubernetes gives pods LLAMA_ARG_…_PORT=tcp://… for it',
            'llama-server: error while handling environment variable "LLAMA_ARG_PORT"',
          ],
          remedies: advice('Switch these variables off, or rename the Service:', 'enableServiceLinks: false'),
          manifest: server.manifest,
          at,
        }));
    });
  },
};
