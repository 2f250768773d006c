import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'k8s.image-pull',
  type: 'CONNECTION_ERROR',
  title: 'the container image cannot be pulled',
  explanation:
    'The registry does not have that image or tag, or does not let it be read. The images of llama.cpp are at ghcr.io/ggml-org/llama.cpp (not ggerganov), with tags such as server, server-cuda, server-vulkan, server-rocm; not each backend is built for each architecture.',
  causes: [
    'the old name ghcr.io/ggerganov/llama.cpp, or a tag that does not exist',
    'no image of that tag for this CPU architecture',
    'a private registry without credentials, or a rate limit',
    'the node has no way to the registry',
  ],
  remedies: [
    {
      text: 'Use the present name',
      commands: [
        'docker pull ghcr.io/ggml-org/llama.cpp:server',
        'kubectl set image deployment/NAME CONTAINER=ghcr.io/ggml-org/llama.cpp:server-cuda',
      ],
    },
    {
      text: 'See which architectures a tag has',
      commands: ['docker manifest inspect ghcr.io/ggml-org/llama.cpp:server'],
    },
    {
      text: 'Give the credentials of a private registry',
      commands: [
        'kubectl create secret docker-registry regcred --docker-server=ghcr.io --docker-username=USER --docker-password=TOKEN',
      ],
    },
  ],
  diagnostics: {
    any: ['docker pull ghcr.io/ggml-org/llama.cpp:server', 'kubectl describe pod POD'],
  },
  link: 'https://github.com/ggml-org/llama.cpp/blob/master/docs/docker.md#images',
  rules: [
    {
      pattern:
        /ImagePullBackOff|ErrImagePull|InvalidImageName|ErrImageNeverPull|manifest unknown|manifest (?:for .{1,200} )?(?:not found|unknown)|no matching manifest|pull access denied|Failed to pull image|failed to pull and unpack image|toomanyrequests|pull rate limit|failed to resolve reference|repository does not exist or may require|failed to resolve source metadata|invalid reference format/i,
      rank: 90,
    },
    {
      pattern:
        /manifests\/\S{1,200}.{0,40}(?:denied|unauthorized|forbidden|not found|unknown)|failed to (?:authorize|fetch (?:anonymous|oauth) token)|denied: (?:requested access|permission_denied)|unauthorized: authentication required|error pulling image|(?:unable|failed) to (?:fetch|resolve|get|find) image|resolve image to digest|Error response from daemon: .{0,200}(?:denied|not found|unauthorized|manifest)|(?:ghcr\.io|docker\.io|registry-1|quay\.io).{0,200}(?:no such host|i\/o timeout|connection refused|TLS handshake|unauthorized|denied|not found)/i,
      rank: 84,
    },
    {
      pattern:
        /Back-off pulling image|image .{1,200} not found: manifest|platform .{1,60} does not match the (?:detected|specified)/i,
      rank: 76,
    },
  ],
};
