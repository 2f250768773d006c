import { flagsOfOurs, modelsPreset } from '../../flags.js';
import { metricsUrls } from '../../scripts.js';
import { marker, templateOf } from './markup.js';
import { symbolicPlan } from './symbolic.js';

/** `_helpers.tpl`: names, labels, and what is computed from values. */
export function helpersText(): string {
  return `${NAMES}${computed()}${checks()}`;
}

const NAMES = `{{/* What everything is called: the release, beside the chart's name where that does not say it. */}}
{{- define "llamactl.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* By which pods are found. Never changed after the first install: selectors cannot be. */}}
{{- define "llamactl.selectorLabels" -}}
app.kubernetes.io/name: {{ .Values.nameOverride | default "llama-server" }}
app.kubernetes.io/instance: {{ include "llamactl.instance" . }}
{{- end }}

{{/* The release; a name of its own keeps the pods of several charts of a release apart. */}}
{{- define "llamactl.instance" -}}
{{- include "llamactl.fullname" . -}}
{{- end }}

{{- define "llamactl.labels" -}}
{{ include "llamactl.selectorLabels" . }}
{{- with .Chart.AppVersion }}
app.kubernetes.io/version: {{ . | quote }}
{{- end }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "llamactl.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (ternary (include "llamactl.fullname" .) "default" .Values.serviceAccount.create) -}}
{{- end }}

{{/* REPOSITORY[:TAG][@DIGEST] */}}
{{- define "llamactl.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ with .tag }}:{{ . }}{{ end }}{{ with .digest }}@{{ . }}{{ end }}
{{- end -}}
{{- end }}

{{/* A tag that moves on is asked for again, so that replicas do not differ. */}}
{{- define "llamactl.imagePullPolicy" -}}
{{- $pinned := or .Values.image.digest (regexMatch "-b[0-9]+$" .Values.image.tag) -}}
{{- .Values.image.pullPolicy | default (ternary "IfNotPresent" "Always" (not (empty $pinned))) -}}
{{- end }}

`;

function computed(): string {
  return `{{/* Whether there may be more than one server. */}}
{{- define "llamactl.replicated" -}}
{{- if gt (int (ternary .Values.autoscaling.max .Values.replicas .Values.autoscaling.enabled)) 1 -}}true{{- end -}}
{{- end }}

{{/* Whether each server keeps the model in a volume of its own: a StatefulSet. */}}
{{- define "llamactl.perReplica" -}}
{{- if and (eq .Values.persistence.kind "pvc") (include "llamactl.replicated" .) -}}true{{- end -}}
{{- end }}

{{- define "llamactl.workloadKind" -}}
{{- ternary "StatefulSet" "Deployment" (not (empty (include "llamactl.perReplica" .))) -}}
{{- end }}

{{/* How the model comes into the volume: it is fetched, awaited (somebody copies it), or there already. */}}
{{- define "llamactl.bring" -}}
{{- if ne .Values.persistence.kind "image" -}}
{{- if (first (first .Values.models).files).url -}}fetch
{{- else if eq .Values.persistence.kind "pvc" -}}await
{{- end -}}
{{- end -}}
{{- end }}

{{- define "llamactl.modelPath" -}}
{{- printf "/models/%s" (first (first .Values.models).files).name -}}
{{- end }}

{{/* The models of a router. */}}
{{- define "llamactl.preset" -}}
${presetText()}
{{- end }}

{{/* Where the drain asks what is going on: a router has metrics for one model at a time. */}}
{{- define "llamactl.metricsUrls" -}}
${urlsText()}
{{- end }}

{{/* Ports of the addresses that the model is fetched from, beside 443, as JSON. */}}
{{- define "llamactl.egressPorts" -}}
{{- $ports := list -}}
{{- range .Values.models -}}
{{- range .files -}}
{{- if .url -}}
{{- $host := (urlParse .url).host -}}
{{- $usual := ternary 443 80 (hasPrefix "https:" .url) -}}
{{- $ports = append $ports (regexFind ":[0-9]+$" $host | trimPrefix ":" | default $usual | int) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- without ($ports | uniq) 443 | toJson -}}
{{- end }}

{{/* Bytes of all files; 0 where that of one is not known. */}}
{{- define "llamactl.modelBytes" -}}
{{- $sum := 0 -}}
{{- $known := true -}}
{{- range .Values.models -}}
{{- range .files -}}
{{- if not .bytes -}}{{- $known = false -}}{{- end -}}
{{- $sum = add $sum (int64 .bytes) -}}
{{- end -}}
{{- end -}}
{{- ternary $sum 0 $known -}}
{{- end }}

{{/* Seconds that loading may take: a minute, and the files from a network disk on a bad day (100 MB/s). */}}
{{- define "llamactl.startSeconds" -}}
{{- $bytes := include "llamactl.modelBytes" . | int64 -}}
{{- $usual := ternary (add 60 (mul 10 (div (add $bytes 999999999) 1000000000))) 600 (gt $bytes 0) -}}
{{- .Values.startSeconds | int64 | default $usual -}}
{{- end }}

{{- define "llamactl.startFailures" -}}
{{- div (add (include "llamactl.startSeconds" . | int64) 4) 5 -}}
{{- end }}

{{/* Seconds after which a rollout counts as stuck: not while the model is fetched (10 MB/s) and loaded. */}}
{{- define "llamactl.progressDeadline" -}}
{{- $fetching := 0 -}}
{{- if eq (include "llamactl.bring" .) "fetch" -}}
{{- $fetching = mul 60 (div (add (include "llamactl.modelBytes" . | int64) 599999999) 600000000) -}}
{{- end -}}
{{- max 600 (add (include "llamactl.startSeconds" . | int64) $fetching 300) -}}
{{- end }}

{{/* The CPU limit as a whole number, which llama-server does not see by itself. */}}
{{- define "llamactl.threads" -}}
{{- $cpu := toString .Values.resources.limits.cpu -}}
{{- if hasSuffix "m" $cpu -}}
{{- max 1 (div (trimSuffix "m" $cpu | int64) 1000) -}}
{{- else -}}
{{- max 1 (floor $cpu | int64) -}}
{{- end -}}
{{- end }}

{{/* Bytes that a pod may write to the node: temporary files and logs, and the model where no volume holds it. */}}
{{- define "llamactl.ephemeralStorage" -}}
{{- $model := ternary (trimSuffix "Gi" .Values.persistence.size | int64) 0 (eq .Values.persistence.kind "emptydir") -}}
{{- printf "%dGi" (add $model 1) -}}
{{- end }}

{{/* Whether the slots share one pool: the last flag of several wins. */}}
{{- define "llamactl.sharesPool" -}}
{{- $shares := false -}}{{- range .Values.extraArgs -}}
{{- $shares = or (has . (list "--kv-unified" "-kvu")) (and $shares (not (has . (list "--no-kv-unified" "-no-kvu")))) -}}
{{- end -}}
{{- $shares -}}
{{- end }}

{{/* Tokens of a slot: as llama-server rounds them, and no more than a model was trained for. */}}
{{- define "llamactl.contextPerSlot" -}}
{{- $all := mul 256 (div (add (int64 .Values.ctxSize) 255) 256) -}}
{{- $pools := ternary 1 (int64 .Values.parallel) (eq (include "llamactl.sharesPool" .) "true") -}}
{{- $slot := mul 256 (div (add (div $all $pools) 255) 256) -}}
{{- range .Values.models -}}
{{- if .contextTrained -}}{{- $slot = min $slot (int64 .contextTrained) -}}{{- end -}}
{{- end -}}
{{- $slot -}}
{{- end }}

{{/* Requests of a server over which another one is started: three of four slots. */}}
{{- define "llamactl.wantedRequests" -}}
{{- max 1 (div (mul (int64 .Values.parallel) (len .Values.models) 3) 4) -}}
{{- end }}

{{/* The figures that requests and limits stand on, as long as the values are those that they were computed for. */}}
{{- define "llamactl.sizing" -}}
{{- $sizing := .Files.Get "sizing.json" | fromJson -}}
{{- $same := and (eq (toString $sizing.sharesPool) (include "llamactl.sharesPool" .)) (eq (int64 $sizing.ctxSize) (int64 .Values.ctxSize)) (eq (int64 $sizing.parallel) (int64 .Values.parallel)) (eq $sizing.cacheType .Values.cacheType) (eq (int64 $sizing.gpus) (int64 .Values.gpu.count)) -}}
{{- $names := list -}}
{{- range .Values.models -}}{{- range .files -}}{{- $names = append $names .name -}}{{- end -}}{{- end -}}
{{- if and $same (eq (toJson $sizing.files) (toJson $names)) -}}
{{- $sizing.text -}}
{{- end -}}
{{- end }}

{{- define "llamactl.podAnnotations" -}}
{{- $annotations := dict -}}
{{- with include "llamactl.sizing" . -}}{{- $annotations = set $annotations "llamactl/sizing" . -}}{{- end -}}
{{- if gt (len .Values.models) 1 -}}
{{- $annotations = set $annotations "llamactl/config" (printf "%s\\n" (include "llamactl.preset" .) | sha256sum | trunc 16) -}}
{{- end -}}
{{- with merge (deepCopy .Values.podAnnotations) $annotations -}}
{{- toYaml . -}}
{{- end -}}
{{- end }}

{{/* A word as a shell reads it back unchanged. */}}
{{- define "llamactl.shellWord" -}}
{{- if regexMatch "^[A-Za-z0-9_@%+=:,./-]+$" . -}}
{{- . -}}
{{- else -}}
{{- printf "'%s'" (replace "'" "'\\\\''" .) -}}
{{- end -}}
{{- end }}

`;
}

/** The presets, one model after the other, as {@link modelsPreset} writes them. */
function presetText(): string {
  const { plan } = symbolicPlan({ router: true });
  const models = plan.models.map((model) => ({
    ...model,
    alias: marker('eachAlias'),
    files: [{ ...(model.files[0] ?? FILE), name: marker('file.name') }],
  }));
  const [head = '', section = ''] = modelsPreset(models).split(/(?=\n\[)/);
  const text = section
    .replace(marker('eachAlias'), '{{ .alias }}')
    .replace(marker('file.name'), '{{ (first .files).name }}');
  return `${head.trimEnd()}\n{{- range .Values.models }}\n${text}{{- end }}\n`;
}

const FILE = { name: '', sizeBytes: null, url: null, sha256: null };

/** The metrics of the server's own machine, as {@link metricsUrls} writes them. */
function urlsText(): string {
  const [one, each] = [false, true].map((router) => {
    const { plan } = symbolicPlan({ router });
    const text = templateOf({ text: metricsUrls({ ...plan, routed: router ? ['ALIAS'] : [] }) });
    return text
      .trimEnd()
      .replace(/^text: "?/, '')
      .replace(/"$/, '')
      .replace('ALIAS', '%s');
  });
  return `{{- if gt (len .Values.models) 1 -}}
{{- $urls := list -}}
{{- range .Values.models -}}
{{- $urls = append $urls (printf (include "llamactl.metricsUrlOfModel" $) (.alias | urlquery)) -}}
{{- end -}}
{{- join " " $urls -}}
{{- else -}}
${one}
{{- end -}}
{{- end }}

{{- define "llamactl.metricsUrlOfModel" -}}
${each}`;
}

/** What the schema cannot tell: values that are wrong together. */
function checks(): string {
  const outside =
    'or .Values.ingress.enabled .Values.httpRoute.enabled (ne .Values.service.type "ClusterIP")';
  const check = (condition: string, message: string) =>
    `{{- if ${condition} }}\n{{- fail ${JSON.stringify(message)} }}\n{{- end }}\n`;
  return `{{/* Values that are wrong together, which no schema can tell. */}}
{{- define "llamactl.check" -}}
${[
  check(
    'and (hasKey .Values "enabled") (not .Values.enabled)',
    'enabled: false is for the condition of a parent chart, and this one has none for it',
  ),
  check(
    `and (${outside}) (not .Values.apiKey.existingSecret)`,
    'ingress, httpRoute and service.type let others in, and without a key everybody may use the server: set apiKey.existingSecret',
  ),
  check('and .Values.ingress.enabled .Values.httpRoute.enabled', 'ingress and httpRoute: enable one of them'),
  check(
    'or (and .Values.ingress.enabled (not .Values.ingress.host)) (and .Values.httpRoute.enabled (not .Values.httpRoute.host))',
    'which host? Set ingress.host or httpRoute.host: the name that clients ask for',
  ),
  check(
    'and .Values.httpRoute.enabled (not .Values.httpRoute.gateway.name)',
    'which gateway? Set httpRoute.gateway.name',
  ),
  check(
    'and .Values.autoscaling.enabled (gt (int .Values.replicas) 1)',
    'replicas and autoscaling exclude each other: set replicas to 1, autoscaling.min is the least',
  ),
  check(
    'gt (int .Values.autoscaling.min) (int .Values.autoscaling.max)',
    'autoscaling.min is more than autoscaling.max',
  ),
  check(
    'and (eq .Values.persistence.kind "claim") (not .Values.persistence.existingClaim)',
    'which claim? Set persistence.existingClaim',
  ),
  check(
    'and (eq .Values.persistence.kind "image") (not .Values.persistence.image)',
    'which image holds the model? Set persistence.image',
  ),
  check(
    'and (eq .Values.persistence.kind "emptydir") (not (include "llamactl.bring" .))',
    'persistence.kind emptydir without a url of the model: every new pod would wait until somebody copies the file again',
  ),
  check(
    'and .Values.autoscaling.enabled (eq (include "llamactl.bring" .) "await")',
    'autoscaling without a url of the model: every new replica would wait until somebody copies the file',
  ),
  check(
    'and .Values.gpu.count (not .Values.gpu.resource)',
    'whose GPU? Set gpu.resource, such as nvidia.com/gpu',
  ),
  check(
    'and .Values.gpu.count (regexMatch "^server(-b[0-9]+)?$" .Values.image.tag)',
    'the CPU image cannot use a GPU: set image.tag, such as server-cuda',
  ),
].join('')}{{- $urls := list }}
{{- $aliases := list }}
{{- range .Values.models }}
{{- $aliases = append $aliases .alias }}
{{- range .files }}{{ $urls = append $urls (empty .url) }}{{ end }}
{{- end }}
{{- if gt (len (uniq $urls)) 1 }}
{{- fail "models: give each file a url, or none of them: they come into one volume" }}
{{- end }}
{{- if lt (len (uniq $aliases)) (len $aliases) }}
{{- fail "models: two of them have the same alias" }}
{{- end }}
{{- $memory := .Values.resources.limits.memory }}
{{- $mib := mul (trimSuffix "Gi" (trimSuffix "Mi" $memory) | int64) (ternary 1024 1 (hasSuffix "Gi" $memory)) }}
{{- if ge (mul (int64 .Values.cacheRam) (len .Values.models)) $mib }}
{{- fail (printf "cacheRam (%d MiB a model) does not fit resources.limits.memory (%s)" (int64 .Values.cacheRam) $memory) }}
{{- end }}
{{- range .Values.extraArgs }}
{{- $flag := regexReplaceAll "=.*" (toString .) "" }}
{{- if has $flag (list ${flagsOfOurs()
    .map((flag) => JSON.stringify(flag))
    .join(' ')}) }}
{{- fail (printf "extraArgs: %s is set by a value of its own, so that all that hangs on it agrees" $flag) }}
{{- end }}
{{- end }}
{{- end }}
`;
}
