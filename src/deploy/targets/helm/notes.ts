/** What helm prints after an installation. */
export const NOTES = `{{- $name := include "llamactl.fullname" . }}
{{- $secret := .Values.apiKey.existingSecret }}
{{ $name }} serves{{ range .Values.models }} {{ .alias }}{{ end }} with {{ .Values.parallel }} slot{{ if ne (int .Values.parallel) 1 }}s{{ end }} of {{ include "llamactl.contextPerSlot" . }} tokens.
{{- if not (include "llamactl.sizing" .) }}

! resources.limits were computed for other values (sizing.json). Compute them again:
    llamactl deploy-gen k8s --helm --ctx-size {{ int64 .Values.ctxSize }} --parallel {{ int64 .Values.parallel }} …
{{- end }}
{{- if $secret }}

The key is expected in the secret {{ $secret }}, under {{ .Values.apiKey.key }}. Where it is not there yet:
    openssl rand -hex 32 | tr -d '\\n' | kubectl -n {{ $.Release.Namespace }} create secret generic {{ $secret }} --from-file={{ .Values.apiKey.key }}=/dev/stdin
{{- end }}
{{- if eq (include "llamactl.bring" .) "await" }}

The pod waits for its model. Give each one its files:
{{- range .Values.models }}{{ range .files }}
    kubectl -n {{ $.Release.Namespace }} cp {{ include "llamactl.shellWord" .name }} POD:{{ include "llamactl.shellWord" (printf "/models/%s" .name) }} -c model
{{- end }}{{ end }}
{{- end }}

See it come up:
    kubectl -n {{ $.Release.Namespace }} port-forward svc/{{ $name }} {{ int64 .Values.port }}
{{- if $secret }}
    export LLAMACTL_API_KEY=$(kubectl -n {{ $.Release.Namespace }} get secret {{ $secret }} -o go-template='{{ "{{" }}index .data "{{ .Values.apiKey.key }}" | base64decode{{ "}}" }}')
{{- end }}
    llamactl health --url http://127.0.0.1:{{ int64 .Values.port }}{{ .Values.apiPrefix }} --wait 30m

Ask it from inside the cluster:
    helm test {{ .Release.Name }} -n {{ .Release.Namespace }}
`;
