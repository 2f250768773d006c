import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'connection.dns',
  type: 'CONNECTION_ERROR',
  title: 'the host name does not resolve',
  explanation:
    'The address of the server could not be found, so nothing was sent. Inside containers `localhost` and names of the host mean something else than outside, and Compose and Kubernetes names resolve only on their own network.',
  causes: [
    'a typing error in the URL',
    'a container or service name used from outside its network',
    '`host.docker.internal` on Linux without an extra host entry',
    'no name server reachable, or VPN and DNS settings that hide the name',
  ],
  remedies: [
    { text: 'Check the host part of the URL', commands: ['llamactl config show', 'getent hosts {host}'] },
    {
      text: 'Try the IP address, which needs no name server',
      commands: ['llamactl health --url http://127.0.0.1:{port}'],
    },
    {
      text: 'In Compose, use the service name from a container of the same project; to reach the host from a Linux container, name it',
      commands: ['docker run --add-host=host.docker.internal:host-gateway IMAGE'],
    },
    {
      text: 'In Kubernetes, use the full name of the service',
      commands: [
        'kubectl run -it --rm dns --image=busybox --restart=Never -- nslookup SERVICE.NAMESPACE.svc.cluster.local',
      ],
    },
  ],
  diagnostics: {
    linux: ['getent hosts {host}', 'cat /etc/resolv.conf'],
    darwin: ['dscacheutil -q host -a name {host}', 'scutil --dns'],
    win32: ['nslookup {host}', 'ipconfig /flushdns'],
  },
  link: 'https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/',
  rules: [
    {
      pattern:
        /\bENOTFOUND\b|\bEAI_AGAIN\b|\bEAI_NONAME\b|\bEAI_NODATA\b|ERR_NAME_NOT_RESOLVED|NameResolutionError/i,
      excludes: [/huggingface\.co|hf\.co|registry/i],
      rank: 66,
    },
    {
      pattern:
        /getaddrinfo failed|temporary failure in name resolution|name or service not known|nodename nor servname|no address associated with host/i,
      excludes: [/huggingface\.co|hf\.co/i],
      rank: 66,
    },
    {
      pattern:
        /could not resolve host|couldn.?t resolve host|unable to resolve host|remote name could not be resolved|failed to lookup address information|dns error|dns lookup failed|failed to resolve (?:host|name|the name|.?[\w.-]{1,80}.? \(\[Errno)|\[Errno -[235]\]/i,
      excludes: [/huggingface\.co|hf\.co/i],
      rank: 66,
    },
    {
      pattern:
        /no such host(?: is known)?\b|server misbehaving|name does not resolve|unknown host\b(?! CPU)|UnknownHostException|host not found in upstream/i,
      excludes: [/huggingface\.co|hf\.co|registry|ghcr\.io|docker\.io/i],
      rank: 66,
    },
  ],
};
