import type { DeployPlan } from '../../plan.js';
import { serverNames } from './names.js';

/** A load balancer before the servers: its image, its configuration, and where it expects that. */
export interface Balancer {
  readonly image: string;
  readonly file: string;
  readonly mountedAt: string;
  readonly config: string;
  /** The user that the image runs as. */
  readonly user: string;
  /** Beside the condition of its `depends_on`. */
  readonly dependency: Readonly<Record<string, unknown>>;
}

/** Seconds: longer than any answer, and than llama-server's own `--timeout`. */
const LONGEST_ANSWER = 3600;

export function balancerOf(plan: DeployPlan): Balancer {
  return plan.options.loadBalancer === 'nginx' ? nginx(plan) : haproxy(plan);
}

/**
 * HAProxy: looks after each server's health by itself, so that none that loads gets requests. It does not buffer, hands the
 * key through untouched, and repeats a request only where no connection came about.
 */
function haproxy(plan: DeployPlan): Balancer {
  const { port } = plan.options;
  const servers = serverNames(plan).map((name) => `  server ${name} ${name}:${port}`);
  return {
    image: 'haproxy:3.2-alpine',
    file: 'haproxy.cfg',
    mountedAt: '/usr/local/etc/haproxy/haproxy.cfg',
    user: '99:99',
    dependency: {},
    config: `# HAProxy before ${servers.length} llama-servers.
global
  log stdout format raw local0 notice

defaults
  mode http
  log global
  # Tokens are passed on as they come: without this small pieces wait for more.
  option http-no-delay
  # llama-server closes a connection after every stream: a request on one that was kept would be lost.
  option http-server-close
  timeout connect 5s
  timeout http-request 30s
  # A prompt of many tokens is silent for minutes; keep-alives come every 30 s after that.
  timeout client ${LONGEST_ANSWER}s
  timeout server ${LONGEST_ANSWER}s
  timeout queue 60s
  # Only what no server has seen is tried elsewhere.
  retries 2
  option redispatch
  retry-on conn-failure

# Docker's own name server, so that a server that comes later, or with another address, is found.
resolvers docker
  nameserver dns 127.0.0.11:53
  hold valid 5s

frontend llama
  bind :${port}
  default_backend servers

backend servers
  # Answers take from milliseconds to minutes: turns would pile them up on one server.
  balance leastconn
  option httpchk
  http-check send meth GET uri ${plan.health.path}
  # While it loads a server says 503, to whomever; 401 proves that it is ready, and wants a key.
  http-check expect rstatus ^(200|401)$
  default-server check inter 2s fall 3 rise 1 resolvers docker init-addr last,libc,none
${servers.join('\n')}
`,
  };
}

/** nginx: notices by failing requests that a server is away; it has no checks of its own in the free version. */
function nginx(plan: DeployPlan): Balancer {
  const { port } = plan.options;
  const servers = serverNames(plan).map((name) => `    server ${name}:${port} max_fails=1 fail_timeout=5s;`);
  return {
    image: 'nginxinc/nginx-unprivileged:1.28-alpine',
    file: 'nginx.conf',
    mountedAt: '/etc/nginx/nginx.conf',
    user: '101:101',
    // It asks for the servers' addresses once, and a new container has a new one.
    dependency: { restart: true },
    config: `# nginx before ${servers.length} llama-servers.
worker_processes auto;
pid /tmp/nginx.pid;
error_log stderr notice;

events {
  worker_connections 4096;
}

http {
  access_log off;
  client_body_temp_path /tmp/client;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;

  upstream servers {
    # All workers count together.
    zone servers 64k;
    # Answers take from milliseconds to minutes: turns would pile them up on one server.
    least_conn;
${servers.join('\n')}
  }

  server {
    listen ${port};
    # Images come in the body of a request.
    client_max_body_size 64m;

    location / {
      proxy_pass http://servers;
      proxy_http_version 1.1;
      # llama-server closes a connection after every stream: none is kept.
      proxy_set_header Connection close;
      proxy_set_header Host $http_host;
      # Tokens are passed on as they come.
      proxy_buffering off;
      proxy_cache off;
      proxy_connect_timeout 5s;
      # A prompt of many tokens is silent for minutes; keep-alives come every 30 s after that.
      proxy_read_timeout ${LONGEST_ANSWER}s;
      proxy_send_timeout ${LONGEST_ANSWER}s;
      # A server that loads says 503. A request that was sent is not sent again unless it only reads.
      proxy_next_upstream error timeout http_503;
      proxy_next_upstream_tries 2;
    }
  }
}
`,
  };
}
