{{/* Names, addresses and labels. Every label is quoted: an unquoted release named "n" or "1" is no text in YAML. */}}

{{- define "baton.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 52 characters: the controller adds a hash to it in a label, which may have 63. */}}
{{- define "baton.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "baton.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "baton.headless" -}}
{{- printf "%s-headless" (include "baton.fullname" .) -}}
{{- end -}}

{{- define "baton.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{- define "baton.clusterName" -}}
{{- default (include "baton.fullname" .) .Values.clusterName -}}
{{- end -}}

{{/* How many pods are asked before a cluster is founded. */}}
{{- define "baton.initialReplicas" -}}
{{- $count := .Values.initialReplicas -}}
{{- ternary .Values.replicas $count (kindIs "invalid" $count) | int -}}
{{- end -}}

{{- define "baton.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "baton.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* What comes after a pod's name in its host name, with the dot before it. */}}
{{- define "baton.podDomain" -}}
{{- $domain := printf ".%s.%s.svc" (include "baton.headless" .) (include "baton.namespace" .) -}}
{{- if .Values.clusterDomain -}}
{{- printf "%s.%s" $domain .Values.clusterDomain -}}
{{- else -}}
{{- $domain -}}
{{- end -}}
{{- end -}}

{{/* The client URLs of all pods, with commas between them. */}}
{{- define "baton.endpoints" -}}
{{- $urls := list -}}
{{- range $i := until (int .Values.replicas) -}}
{{- $urls = append $urls (printf "http://%s-%d%s:%d" (include "baton.fullname" $) $i (include "baton.podDomain" $) (int $.Values.ports.client)) -}}
{{- end -}}
{{- join "," $urls -}}
{{- end -}}

{{- define "baton.image" -}}
{{- $registry := default .Values.image.registry .Values.global.imageRegistry -}}
{{- $name := .Values.image.repository -}}
{{- if $registry -}}{{- $name = printf "%s/%s" $registry $name -}}{{- end -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $name .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* A map of texts, each quoted, its values templates. Takes root and map. */}}
{{- define "baton.texts" -}}
{{- $lines := list -}}
{{- range $key, $value := .map -}}
{{- $lines = append $lines (printf "%s: %s" $key (tpl (toString $value) $.root | quote)) -}}
{{- end -}}
{{- join "\n" $lines -}}
{{- end -}}

{{/* What never changes in the life of an object: by these labels it is selected. Takes root and component. */}}
{{- define "baton.selectorLabels" -}}
app.kubernetes.io/name: {{ include "baton.name" .root | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .component | quote }}
{{- end -}}

{{/* The labels of an object. Takes root, component and perhaps labels, which come before commonLabels. */}}
{{- define "baton.labels" -}}
{{ include "baton.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: "baton"
app.kubernetes.io/managed-by: {{ .root.Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | quote }}
{{- with merge (dict) (default dict .labels) (default dict .root.Values.commonLabels) }}
{{ include "baton.texts" (dict "root" $.root "map" .) }}
{{- end }}
{{- end -}}

{{/*
The metadata of an object. Takes root and component; perhaps name or suffix (of the full name), labels and annotations
(maps to be added).
*/}}
{{- define "baton.metadata" -}}
name: {{ default (printf "%s%s" (include "baton.fullname" .root) (default "" .suffix)) .name | quote }}
namespace: {{ include "baton.namespace" .root | quote }}
labels:
  {{- include "baton.labels" . | nindent 2 }}
{{- $annotations := merge (dict) (default dict .annotations) (default dict .root.Values.commonAnnotations) }}
{{- with $annotations }}
annotations:
  {{- include "baton.texts" (dict "root" $.root "map" .) | nindent 2 }}
{{- end }}
{{- end -}}

{{/*
An object as its template draws it, with the values' changes to it merged over it. Takes root and name: that of the
template "baton.object.NAME" and of the values' overrides.NAME.
*/}}
{{- define "baton.object" -}}
{{- $text := include (printf "baton.object.%s" .name) .root -}}
{{- $changes := get .root.Values.overrides .name -}}
{{- if $changes -}}
{{- toYaml (mergeOverwrite (fromYaml $text) $changes) -}}
{{- else -}}
{{- $text | trim -}}
{{- end -}}
{{- end -}}
