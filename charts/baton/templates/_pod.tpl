{{/* The parts of a member's pod. */}}

{{/* batond's settings as environment variables: the chart's own, then the values' config over them. */}}
{{- define "baton.environment" -}}
- name: "BATON_NAME"
  valueFrom:
    fieldRef:
      fieldPath: "metadata.name"
{{- $any := ternary "[::]" "0.0.0.0" (has "IPv6" (default list .Values.service.ipFamilies)) }}
{{- $settings := dict
  "BATON_CLUSTER_NAME" (include "baton.clusterName" .)
  "BATON_PEER_DOMAIN" (include "baton.podDomain" . | trimPrefix ".")
  "BATON_INITIAL_COUNT" (include "baton.initialReplicas" .)
  "BATON_DATA_DIR" "/var/lib/baton"
  "BATON_CLIENT_LISTEN" (printf "%s:%d" $any (int .Values.ports.client))
  "BATON_PEER_LISTEN" (printf "%s:%d" $any (int .Values.ports.peer))
  "BATON_OPS_LISTEN" (printf "%s:%d" $any (int .Values.ports.ops))
  "BATON_LOG_FORMAT" "json" }}
{{- range $name, $value := .Values.config }}
{{- if not (kindIs "invalid" $value) }}
{{- $text := toString $value }}
{{- if kindIs "bool" $value }}
{{- $text = ternary "on" "off" $value }}
{{- else if not (kindIs "string" $value) }}
{{- $text = toString (int64 $value) }}
{{- end }}
{{- $_ := set $settings (printf "BATON_%s" ($name | upper | replace "-" "_")) $text }}
{{- end }}
{{- end }}
{{- range $name, $value := $settings }}
- name: {{ $name | quote }}
  value: {{ $value | quote }}
{{- end }}
{{- with .Values.extraEnv }}
{{ tpl (toYaml .) $ }}
{{- end }}
{{- end -}}

{{/* A probe of one path. Takes root, path and probe, the values' numbers. */}}
{{- define "baton.probe" -}}
httpGet:
  path: {{ .path | quote }}
  port: "ops"
{{ toYaml .probe }}
{{- end -}}

{{- define "baton.container" -}}
- name: "batond"
  image: {{ include "baton.image" . | quote }}
  imagePullPolicy: {{ .Values.image.pullPolicy | quote }}
  {{- with .Values.command }}
  command:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.args }}
  args:
    {{- tpl (toYaml .) $ | nindent 4 }}
  {{- end }}
  env:
    {{- include "baton.environment" . | nindent 4 }}
  {{- with .Values.extraEnvFrom }}
  envFrom:
    {{- tpl (toYaml .) $ | nindent 4 }}
  {{- end }}
  ports:
    - name: "client"
      containerPort: {{ int .Values.ports.client }}
      protocol: "TCP"
    - name: "peer"
      containerPort: {{ int .Values.ports.peer }}
      protocol: "TCP"
    - name: "ops"
      containerPort: {{ int .Values.ports.ops }}
      protocol: "TCP"
  # Startup waits while the log is read; liveness asks for this process alone, never for the others or the disk's
  # space, so that trouble of the cluster restarts nobody; readiness says whether clients should come here.
  startupProbe:
    {{- include "baton.probe" (dict "path" "/startupz" "probe" .Values.probes.startup) | nindent 4 }}
  livenessProbe:
    {{- include "baton.probe" (dict "path" "/livez" "probe" .Values.probes.liveness) | nindent 4 }}
  readinessProbe:
    {{- include "baton.probe" (dict "path" "/readyz" "probe" .Values.probes.readiness) | nindent 4 }}
  lifecycle:
    # Is not ready from now on, hands leadership over, and serves until the Services have forgotten it. Changes no
    # membership: a pod that goes comes back.
    preStop:
      exec:
        command:
          - "/usr/bin/batonctl"
          - "member"
          - "transfer"
          - "--drain"
          - "--pause"
          - "5s"
          - "--timeout"
          - "10s"
          - "--endpoints"
          - {{ printf "http://127.0.0.1:%d" (int .Values.ports.client) | quote }}
  {{- with .Values.resources }}
  resources:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    {{- toYaml .Values.securityContext | nindent 4 }}
  volumeMounts:
    - name: "data"
      mountPath: "/var/lib/baton"
    - name: "tmp"
      mountPath: "/tmp"
    {{- with .Values.extraVolumeMounts }}
    {{- tpl (toYaml .) $ | nindent 4 }}
    {{- end }}
{{- end -}}

{{- define "baton.spread" -}}
{{- if .Values.topologySpreadConstraints -}}
{{- tpl (toYaml .Values.topologySpreadConstraints) . -}}
{{- else -}}
{{- range $key, $how := dict "kubernetes.io/hostname" .Values.spread.nodes "topology.kubernetes.io/zone" .Values.spread.zones }}
{{- if ne $how "ignore" }}
- maxSkew: 1
  topologyKey: {{ $key | quote }}
  whenUnsatisfiable: {{ ternary "DoNotSchedule" "ScheduleAnyway" (eq $how "require") | quote }}
  labelSelector:
    matchLabels:
      {{- include "baton.selectorLabels" (dict "root" $ "component" "member") | nindent 6 }}
{{- end }}
{{- end }}
{{- end -}}
{{- end -}}

{{/* What is the same for each pod of the chart: where it may run and as whom. */}}
{{- define "baton.placement" -}}
serviceAccountName: {{ include "baton.serviceAccountName" . | quote }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with concat .Values.global.imagePullSecrets .Values.image.pullSecrets | uniq }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- range $name := list "priorityClassName" "schedulerName" "runtimeClassName" }}
{{- with get $.Values $name }}
{{ $name }}: {{ . | quote }}
{{- end }}
{{- end }}
{{- range $name := list "nodeSelector" "tolerations" "affinity" "hostAliases" "dnsConfig" }}
{{- with get $.Values $name }}
{{ $name }}:
  {{- tpl (toYaml .) $ | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "baton.podSpec" -}}
{{ include "baton.placement" . }}
terminationGracePeriodSeconds: {{ int .Values.terminationGracePeriodSeconds }}
{{- with include "baton.spread" . | trim }}
topologySpreadConstraints:
  {{- . | nindent 2 }}
{{- end }}
{{- with .Values.initContainers }}
initContainers:
  {{- tpl (toYaml .) $ | nindent 2 }}
{{- end }}
containers:
  {{- include "baton.container" . | nindent 2 }}
  {{- with .Values.sidecars }}
  {{- tpl (toYaml .) $ | nindent 2 }}
  {{- end }}
volumes:
  - name: "tmp"
    emptyDir:
      sizeLimit: "64Mi"
  {{- if not .Values.persistence.enabled }}
  - name: "data"
    emptyDir: {}
  {{- end }}
  {{- with .Values.extraVolumes }}
  {{- tpl (toYaml .) $ | nindent 2 }}
  {{- end }}
{{- end -}}
