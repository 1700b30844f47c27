{{/* What the schema cannot say: each wrong combination of values is refused with a sentence. */}}

{{- define "baton.validate" -}}
{{- if and (hasKey .Values "enabled") (not .Values.enabled) -}}
{{- fail "enabled is false: that is for a parent chart, as the condition of its dependency on this one. Alone, leave the chart uninstalled." -}}
{{- end -}}
{{- $replicas := int .Values.replicas -}}
{{- if lt $replicas 1 -}}
{{- fail (printf "replicas is %d: a cluster has at least one member. To stop a cluster, uninstall it; its volumes stay." $replicas) -}}
{{- end -}}
{{- if eq (mod $replicas 2) 0 -}}
{{- fail (printf "replicas is %d: an even number of members survives no more failures than %d do, and needs one more of them for each decision. Use 1, 3 or 5." $replicas (sub $replicas 1)) -}}
{{- end -}}
{{- if gt $replicas 15 -}}
{{- fail (printf "replicas is %d: a cluster has at most 15 members, and more than 7 make each write slower for no gain." $replicas) -}}
{{- end -}}
{{- $initial := int (include "baton.initialReplicas" .) -}}
{{- if gt $initial $replicas -}}
{{- fail (printf "initialReplicas is %d, and there are %d pods: a cluster is founded when all of its first members answer. Lower it, or leave it null." $initial $replicas) -}}
{{- end -}}
{{- include "baton.validateShrink" . -}}
{{- include "baton.validateVolumes" . -}}
{{- include "baton.validateLabels" . -}}
{{- include "baton.validatePorts" . -}}
{{- include "baton.validateTimes" . -}}
{{- include "baton.validateProbes" . -}}
{{- include "baton.validateOutside" . -}}
{{- include "baton.validateCapabilities" . -}}
{{- $quorum := add1 (div $replicas 2) -}}
{{- $spare := sub $replicas $quorum -}}
{{- $unavailable := .Values.podDisruptionBudget.maxUnavailable -}}
{{- if and (not (kindIs "invalid" $unavailable)) (gt (int $unavailable) (int $spare)) (gt $replicas 1) -}}
{{- fail (printf "podDisruptionBudget.maxUnavailable is %d: of %d members %d must run, so at most %d may be taken away at once." (int $unavailable) $replicas $quorum $spare) -}}
{{- end -}}
{{- if .Values.image.digest -}}
{{- if not (regexMatch "^sha256:[0-9a-f]{64}$" .Values.image.digest) -}}
{{- fail (printf "image.digest is %q: it is sha256: and 64 hexadecimal digits." .Values.image.digest) -}}
{{- end -}}
{{- else if eq "latest" (toString .Values.image.tag) -}}
{{- fail "image.tag is \"latest\": members would run whatever version it names when each of them starts. Name a version, or set image.digest." -}}
{{- end -}}
{{- if and (not .Values.serviceAccount.create) .Values.serviceAccount.annotations -}}
{{- fail "serviceAccount.annotations is set, but serviceAccount.create is false: annotate the account that exists." -}}
{{- end -}}
{{- end -}}

{{/* A member is removed from the cluster before its pod goes: else the others count on it for ever. */}}
{{- define "baton.validateShrink" -}}
{{- $existing := lookup "apps/v1" "StatefulSet" (include "baton.namespace" .) (include "baton.fullname" .) -}}
{{- if and $existing (not .Values.allowShrink) -}}
{{- $before := int $existing.spec.replicas -}}
{{- if lt (int .Values.replicas) $before -}}
{{- fail (printf "replicas is %d, and %d pods exist: first remove the members of the highest pods (batonctl member remove), then set allowShrink to true for this one upgrade." (int .Values.replicas) $before) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "baton.validateLabels" -}}
{{- $values := .Values -}}
{{- $maps := dict "commonLabels" $values.commonLabels "podLabels" $values.podLabels "service.labels" $values.service.labels "memberServices.labels" $values.memberServices.labels "ingress.labels" $values.ingress.labels "httpRoute.labels" $values.httpRoute.labels "persistence.labels" $values.persistence.labels -}}
{{- range $name := list "serviceMonitor" "podMonitor" "prometheusRule" "dashboards" -}}
{{- $_ := set $maps (printf "metrics.%s.labels" $name) (get $values.metrics $name).labels -}}
{{- end -}}
{{- range $value, $map := $maps -}}
{{- range $key, $text := $map -}}
{{- if or (hasPrefix "app.kubernetes.io/" $key) (hasPrefix "helm.sh/" $key) -}}
{{- fail (printf "%s has %q: the chart sets the labels of app.kubernetes.io and helm.sh itself." $value $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "baton.validatePorts" -}}
{{- $ports := .Values.ports -}}
{{- $seen := dict -}}
{{- range $name := list "client" "peer" "ops" -}}
{{- $port := toString (int (get $ports $name)) -}}
{{- if hasKey $seen $port -}}
{{- fail (printf "ports.%s and ports.%s are both %s: each listener has a port of its own." (get $seen $port) $name $port) -}}
{{- end -}}
{{- $_ := set $seen $port $name -}}
{{- end -}}
{{- end -}}

{{/* What batond refuses as well, and then the pod would not start. A setting that is not there has batond's default. */}}
{{- define "baton.validateTimes" -}}
{{- $config := default dict .Values.config -}}
{{- $drain := int64 (default 5000 (get $config "drain-timeout-ms")) -}}
{{- $grace := int64 .Values.terminationGracePeriodSeconds -}}
{{- if lt (mul $grace 1000) (add $drain 15000) -}}
{{- fail (printf "terminationGracePeriodSeconds is %d: handing over takes up to 10 s, then clients are sent elsewhere for 5 s, then drain-timeout-ms (%d) what is under way, and the pod would be killed before. Set at least %d." $grace $drain (div (add $drain 15999) 1000)) -}}
{{- end -}}
{{- $heartbeat := int64 (default 1 (get $config "heartbeat-interval-ticks")) -}}
{{- $election := int64 (default 10 (get $config "election-timeout-ticks")) -}}
{{- if ge $heartbeat $election -}}
{{- fail (printf "config.heartbeat-interval-ticks is %d and config.election-timeout-ticks %d: followers would elect another leader before they hear from theirs." $heartbeat $election) -}}
{{- end -}}
{{- end -}}

{{- define "baton.validateProbes" -}}
{{- range $name := list "startup" "liveness" "readiness" -}}
{{- if not (get (default dict $.Values.probes) $name) -}}
{{- fail (printf "probes.%s has no numbers: a member's probes are not left out. To try without one, set its failureThreshold high." $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What lets clients in from outside leads somewhere, and those who come that way are admitted. */}}
{{- define "baton.validateOutside" -}}
{{- $members := .Values.memberServices -}}
{{- $ports := $members.nodePorts -}}
{{- if and $members.enabled $ports -}}
{{- if eq $members.type "ClusterIP" -}}
{{- fail "memberServices.nodePorts is set, but memberServices.type is ClusterIP, which has none: set it to NodePort or LoadBalancer." -}}
{{- end -}}
{{- if ne (len $ports) (int .Values.replicas) -}}
{{- fail (printf "memberServices.nodePorts has %d, and there are %d members: name one for each, or none." (len $ports) (int .Values.replicas)) -}}
{{- end -}}
{{- end -}}
{{- if and $members.enabled (ne $members.type "ClusterIP") -}}
{{- include "baton.validateFrom" (dict "root" . "what" "memberServices" "who" "the addresses of clients or nodes") -}}
{{- end -}}
{{- range $name := list "ingress" "httpRoute" -}}
{{- if (get $.Values $name).enabled -}}
{{- if not $.Values.service.enabled -}}
{{- fail (printf "%s.enabled is true, but service.enabled is false: it leads to that Service." $name) -}}
{{- end -}}
{{- if not (get $.Values $name).paths -}}
{{- fail (printf "%s.paths is empty: nothing could be asked for. \"/\" is all." $name) -}}
{{- end -}}
{{- include "baton.validateFrom" (dict "root" $ "what" $name "who" "its controller's pods") -}}
{{- end -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) -}}
{{- fail "ingress.enabled is true, but ingress.hosts is empty: without a name it would take what is for others. Name the hosts." -}}
{{- end -}}
{{- $route := .Values.httpRoute -}}
{{- if and $route.enabled (not $route.parentRefs) -}}
{{- fail "httpRoute.enabled is true, but httpRoute.parentRefs is empty: no Gateway would know of it. Name one." -}}
{{- end -}}
{{- range $parent := $route.parentRefs -}}
{{- if not $parent.name -}}
{{- fail "httpRoute.parentRefs has one without a name: say which Gateway it is." -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Takes root, what (a value) and who comes in by it. Without `from` only networkPolicy.clients are admitted. */}}
{{- define "baton.validateFrom" -}}
{{- $policy := .root.Values.networkPolicy -}}
{{- $admitted := or (not $policy.enabled) (empty $policy.clients) (get .root.Values .what).from -}}
{{- range $policy.clients -}}
{{- $admitted = or $admitted (hasKey . "namespaceSelector") (hasKey . "ipBlock") -}}
{{- end -}}
{{- if not $admitted -}}
{{- fail (printf "%s is on, but networkPolicy.clients admits only pods of the namespace: say in %s.from who comes in (%s)." .what .what .who) -}}
{{- end -}}
{{- end -}}

{{/* What the API server must know for what is wanted. */}}
{{- define "baton.validateCapabilities" -}}
{{- $metrics := .Values.metrics -}}
{{- $known := .Capabilities.APIVersions.Has "monitoring.coreos.com/v1" -}}
{{- range $name := list "serviceMonitor" "podMonitor" "prometheusRule" -}}
{{- if and (get $metrics $name).enabled (not $known) -}}
{{- fail (printf "metrics.%s.enabled is true, but the cluster does not know monitoring.coreos.com/v1: install the Prometheus Operator first (helm template: add --api-versions monitoring.coreos.com/v1)." $name) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not (.Capabilities.APIVersions.Has "gateway.networking.k8s.io/v1")) -}}
{{- fail "httpRoute.enabled is true, but the cluster does not know gateway.networking.k8s.io/v1: install the Gateway API first (helm template: add --api-versions gateway.networking.k8s.io/v1)." -}}
{{- end -}}
{{- if and $metrics.serviceMonitor.enabled $metrics.podMonitor.enabled -}}
{{- fail "metrics.serviceMonitor.enabled and metrics.podMonitor.enabled are both true: every series would come twice." -}}
{{- end -}}
{{- with .Values.service.trafficDistribution -}}
{{- $since := ternary "1.31" "1.34" (eq . "PreferClose") -}}
{{- if semverCompare (printf "<%s.0-0" $since) $.Capabilities.KubeVersion.Version -}}
{{- fail (printf "service.trafficDistribution %s needs Kubernetes %s, and this is %s." . $since $.Capabilities.KubeVersion.Version) -}}
{{- end -}}
{{- end -}}
{{- end -}}
