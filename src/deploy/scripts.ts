import { shellQuote } from '../catalogue/fill.js';
import { PATHS } from './flags.js';
import type { DeployModel, ModelFile } from './model-source.js';
import { type DeployPlan, metricsPaths } from './plan.js';

/** Where the downloader finds the token of the hub. */
export const HUB_TOKEN_FILE = '/run/secrets/hub/token';
/** Seconds until nobody sends new requests to a replica that is about to stop. */
export const DRAIN_DELAY = 5;

/** curl options on stdin, so that no secret stands in the process list. */
const WITH_KEY = `printf 'oauth2-bearer = "%s"' "$(grep -v '^#' ${PATHS.apiKey} | head -n 1)"`;

/**
 * Fetches the files that are not there yet. A file gets its name only when it is whole and its SHA-256 is right; until then
 * it is called .part, and the next try goes on where the last one stopped. Of several containers on one volume one fetches,
 * the others wait. For `sh -eu`.
 * @param withToken whether the hub wants a token, which is in {@link HUB_TOKEN_FILE}
 */
export function downloadScript(models: readonly DeployModel[], withToken: boolean): string {
  const curl = 'curl -fsSL --connect-timeout 20 --speed-time 60 --speed-limit 1000 -C -';
  const token = `printf 'oauth2-bearer = "%s"' "$(cat ${HUB_TOKEN_FILE})"`;
  const fetch = withToken
    ? `${token} | ${curl} -K - -o "$file.part" "$url"`
    : `${curl} -o "$file.part" "$url"`;
  const files = models.flatMap((model) => model.files);
  return `exec 9> ${PATHS.models}/.lock
flock 9 || true
fetch() {
  file=${PATHS.models}/$1 url=$2 bytes=$3 sha256=$4 tries=0
  [ ! -f "$file" ] || return 0
  echo "fetching $1"
  [ -n "$bytes" ] || rm -f "$file.part"
  until [ "$(size "$file.part")" = "$bytes" ]; do
    tries=$((tries + 1))
    [ "$tries" -le 30 ] || { echo "cannot fetch $url" >&2; exit 1; }
    [ "$(size "$file.part")" -lt "\${bytes:-9223372036854775807}" ] || rm -f "$file.part"
    if ${fetch}
    then bytes=\${bytes:-$(size "$file.part")}
    else sleep 5
    fi
  done
  if [ -n "$sha256" ] && ! echo "$sha256  $file.part" | sha256sum -c --status; then
    rm -f "$file.part"
    echo "$1 is not the file that was meant: its SHA-256 is wrong" >&2
    exit 1
  fi
  mv "$file.part" "$file"
}
size() { if [ -f "$1" ]; then wc -c < "$1" | tr -d ' '; else echo 0; fi; }
${files.map(fetchLine).join('\n')}
`;
}

function fetchLine({ name, url, sizeBytes, sha256 }: ModelFile): string {
  const words = [name, url ?? '', sizeBytes === null ? '' : String(sizeBytes), sha256 ?? ''];
  return `fetch ${words.map(quoted).join(' ')}`;
}

function quoted(word: string): string {
  return word === '' ? "''" : shellQuote(word);
}

/**
 * Waits until somebody has copied the files into the volume, and checks them once. For `sh -eu`.
 * @param container the init container that runs it, for the command it prints
 */
export function awaitScript(models: readonly DeployModel[], container: string): string {
  const files = models.flatMap((model) => model.files);
  return `await() {
  file=${PATHS.models}/$1
  [ ! -f "$file.checked" ] || return 0
  last=
  until now=$(size "$file"); [ "$now" != 0 ] && [ "$now" = "\${2:-$last}" ]; do
    last=$now
    echo "waiting: kubectl cp '$1' $(hostname):$file -c ${container}"
    sleep 10
  done
  [ -z "$3" ] || echo "$3  $file" | sha256sum -c - || { rm -f "$file"; exit 1; }
  touch "$file.checked"
}
size() { if [ -f "$1" ]; then wc -c < "$1" | tr -d ' '; else echo 0; fi; }
${files.map(({ name, sizeBytes, sha256 }) => `await ${[name, String(sizeBytes ?? ''), sha256 ?? ''].map(quoted).join(' ')}`).join('\n')}
`;
}

/**
 * Waits, for a bounded time, until no request is being answered: after SIGTERM llama-server generates nothing more. Ends at
 * once where the server does not answer. For `sh`.
 */
export function drainScript(plan: DeployPlan): string {
  const urls = metricsUrls(plan);
  const curl =
    plan.options.apiKeySecret === undefined
      ? `curl -fsS -m 5 ${urls}`
      : `${WITH_KEY} | curl -fsS -m 5 -K - ${urls}`;
  return `sleep ${DRAIN_DELAY}
end=$(($(date +%s) + ${plan.drainSeconds}))
while [ "$(date +%s)" -lt "$end" ]; do
  busy=$(${curl} | awk '/^llamacpp:requests_(processing|deferred) / { n += $2 } END { print n + 0 }')
  [ "$busy" != 0 ] || exit 0
  sleep 1
done
`;
}

/** The metrics of a server of its own machine, quoted for `sh`. */
export function metricsUrls(plan: DeployPlan): string {
  return metricsPaths(plan)
    .map((path) => `'http://127.0.0.1:${plan.options.port}${path}'`)
    .join(' ');
}

/**
 * Asks for the server's health with the key, where a prefix makes that necessary. For `sh`.
 * @param host where the server is
 */
export function healthScript({ options, health }: DeployPlan, host = '127.0.0.1'): string {
  const url = `http://${host}:${options.port}${health.path}`;
  return `${WITH_KEY} | curl -fsS -m 5 -o /dev/null -K - ${url}`;
}
