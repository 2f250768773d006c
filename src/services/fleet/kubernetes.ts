import { type ExecFileException, execFile } from 'node:child_process';
import * as z from 'zod';
import { type LlamactlError, usageError } from '../../errors/llamactl-error.js';

/** Milliseconds that kubectl may take. */
const TIMEOUT = 10_000;
/** Bytes: 1,000 endpoints are some 600 KB. */
const LONGEST = 64 * 1024 * 1024;

/** discovery.k8s.io/v1 EndpointSlices, as `kubectl get -o json` prints them. */
const slicesSchema = z.looseObject({
  items: z.array(
    z.looseObject({
      addressType: z.string(),
      endpoints: z
        .array(
          z.looseObject({
            addresses: z.array(z.string()),
            conditions: z.looseObject({ terminating: z.boolean().nullish() }).nullish(),
          }),
        )
        .nullish(),
      ports: z.array(z.looseObject({ name: z.string().nullish(), port: z.number().nullish() })).nullish(),
    }),
  ),
});

/**
 * The endpoints of a Service: ready or not, since that is what is asked about; those that end are left out.
 * @param url `k8s://NAMESPACE/SERVICE[:PORT][/PREFIX]`; PORT is a name or a number, the first one where it is left out
 * @throws LlamactlError (usage) where kubectl is missing or refuses
 */
export async function listEndpoints(url: string, signal: AbortSignal): Promise<readonly string[]> {
  const [, namespace, service, port, prefix = ''] =
    /^k8s:\/\/([a-z0-9-]+)\/([a-z0-9-]+)(?::([a-z0-9-]+))?(\/[^?#\s]*)?$/.exec(url) ?? [];
  if (namespace === undefined || service === undefined)
    throw usageError(`${url} is no address of a Service`, [
      {
        text: 'Write it so:',
        commands: ['--url k8s://NAMESPACE/SERVICE', '--url k8s://NAMESPACE/SERVICE:PORT/PREFIX'],
      },
    ]);
  const text = await kubectl(
    ['get', 'endpointslices', '-n', namespace, '-l', `kubernetes.io/service-name=${service}`, '-o', 'json'],
    signal,
  );
  const parsed = slicesSchema.safeParse(parse(text));
  if (!parsed.success) throw usageError('kubectl printed no list of EndpointSlices');
  const slices = parsed.data.items.filter(({ addressType }) => addressType !== 'FQDN');
  const urls = slices.flatMap(({ endpoints, ports, addressType }) => {
    const chosen = (ports ?? []).find(
      ({ name, port: number }) => port === undefined || name === port || String(number) === port,
    )?.port;
    if (chosen === undefined || chosen === null) return [];
    return (endpoints ?? [])
      .filter(({ conditions }) => conditions?.terminating !== true)
      .flatMap(({ addresses }) => addresses)
      .map(
        (address) =>
          `http://${addressType === 'IPv6' ? `[${address}]` : address}:${chosen}${prefix.replace(/\/$/, '')}`,
      );
  });
  if (urls.length > 0) return urls;
  const names = [...new Set(slices.flatMap(({ ports }) => (ports ?? []).map(({ name }) => name ?? '')))];
  throw usageError(
    port !== undefined && names.length > 0 && !names.includes(port)
      ? `the Service ${service} has no port ${port}: ${names.join(', ')}`
      : `the Service ${service} in ${namespace} has no endpoints`,
    [
      {
        text: 'See what it selects:',
        commands: [`kubectl -n ${namespace} get service,endpointslices,pods`],
      },
    ],
  );
}

function kubectl(args: readonly string[], signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) =>
    execFile(
      'kubectl',
      [...args],
      { signal, timeout: TIMEOUT, maxBuffer: LONGEST },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        if (signal.aborted) return reject(signal.reason);
        reject(failureOf(error, stderr, args));
      },
    ),
  );
}

function failureOf(error: ExecFileException, stderr: string, args: readonly string[]): LlamactlError {
  if (error.code === 'ENOENT')
    return usageError('k8s:// needs kubectl, which is not on PATH', [
      {
        text: 'Or name the servers in a file, one a line:',
        commands: ['llamactl health --url @servers.txt'],
      },
    ]);
  const said = stderr.trim().split('\n').at(-1) ?? '';
  const reason = error.killed === true ? `it took more than ${TIMEOUT / 1000} s` : said || error.message;
  return usageError(`kubectl could not list the endpoints: ${reason}`, [
    { text: 'Try it by itself:', commands: [`kubectl ${args.join(' ')}`] },
  ]);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
