import type { CatalogueEntry } from '../entry.js';

export const entry: CatalogueEntry = {
  code: 'container.healthcheck',
  type: 'CONNECTION_ERROR',
  title: 'the health check of the container is wrong',
  explanation:
    'The container is called unhealthy though the server may be well. The image of llama.cpp asks http://localhost:8080/health, without a start period: another port, TLS or --api-prefix makes it fail, and so does a model that takes longer to load than the retries last. Other images have no curl.',
  causes: [
    'curl or wget is not in the image',
    'the check asks another port, scheme or prefix than the server has',
    'no start period, so a long load counts as a failure',
  ],
  remedies: [
    {
      text: 'Set the check to the port and prefix in use, with time to load',
      commands: [
        'docker run --health-cmd "curl -fsS http://localhost:8080/health" --health-start-period 10m --health-interval 30s --health-timeout 5s -p {port}:8080 ghcr.io/ggml-org/llama.cpp:server -m /models/MODEL.gguf',
      ],
    },
    {
      text: 'Where there is no curl, use what is there',
      commands: ['docker exec CONTAINER sh -c "command -v curl wget python3 bash"'],
    },
    {
      text: 'See what the check said',
      commands: ['docker inspect --format "{{json .State.Health}}" CONTAINER'],
    },
  ],
  diagnostics: {
    any: [
      'docker inspect --format "{{json .State.Health}}" CONTAINER',
      'docker exec CONTAINER curl -si http://localhost:8080/health',
    ],
  },
  link: 'https://docs.docker.com/reference/dockerfile/#healthcheck',
  rules: [
    {
      pattern:
        /(?:curl|wget|nc|grpc_health_probe)\\?["']?: (?:command )?not found|exec: \\?["']?(?:curl|wget|nc|sh|bash)\\?["']?: executable file not found|executable file not found in \$PATH.{0,80}(?:curl|wget|health)|(?:curl|wget): no such file/i,
      rank: 80,
    },
    {
      pattern:
        /health.?check (?:failed|error|exceeded|command|config|is failing|has)|is unhealthy|\(unhealthy\)|container .{1,120} (?:is )?unhealthy|Health\.Status.{0,20}unhealthy|\\?["']Status\\?["']: ?\\?["']unhealthy|FailingStreak|dependency failed to start: container/i,
      excludes: [
        /unable to start process|health ?check failed after|health ?check error.{0,80}\b503\b|health ?check error on http|FailingStreak\\?["']: ?0\b|Liveness|Readiness|target group/i,
      ],
      rank: 62,
    },
  ],
};
