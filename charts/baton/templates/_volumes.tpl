{{/*
What exists was made with other volumes than the values ask for. Kubernetes changes no claim of a StatefulSet, and says
so in a sentence that names neither the value nor what to do.
*/}}

{{/* The bytes of a quantity of Kubernetes, such as 8Gi, rounded up, as text. Empty: it cannot be read. */}}
{{- define "baton.bytes" -}}
{{- $text := toString . -}}
{{- $factors := dict "n" "1e-9" "u" "1e-6" "m" "1e-3" "" "1" "k" "1e3" "M" "1e6" "G" "1e9" "T" "1e12" "P" "1e15" "E" "1e18" -}}
{{- range $i, $unit := list "Ki" "Mi" "Gi" "Ti" "Pi" "Ei" -}}
{{- $bytes := 1 -}}
{{- range until (add1 $i | int) -}}{{- $bytes = mul $bytes 1024 -}}{{- end -}}
{{- $_ := set $factors $unit (toString $bytes) -}}
{{- end -}}
{{- if regexMatch "^[0-9]+(\\.[0-9]*)?([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,2})?$" $text -}}
{{- $number := regexFind "^[0-9.]+" $text | trimSuffix "." -}}
{{- $unit := trimPrefix (regexFind "^[0-9.]+" $text) $text -}}
{{- $factor := hasKey $factors $unit | ternary (get $factors $unit) (printf "1%s" $unit) -}}
{{- mulf (float64 $number) (float64 $factor) | ceil | printf "%.0f" -}}
{{- end -}}
{{- end -}}

{{/*
What is wrong with the size that is asked for; nothing when it is what exists. Takes size, existing, of (what has it) and
fixed: whether a larger one is wrong as well.
*/}}
{{- define "baton.sizeProblem" -}}
{{- $wanted := include "baton.bytes" .size -}}
{{- $existing := include "baton.bytes" .existing -}}
{{- if eq (toString .size) (toString .existing) -}}
{{- else if not (and $wanted $existing) -}}
{{- printf "persistence.size is %s, and %s has %s: they cannot be compared. Set it to %s." .size .of .existing .existing -}}
{{- else if lt (float64 $wanted) (float64 $existing) -}}
{{- printf "persistence.size is %s, and %s has %s: no volume shrinks. Set it to %s; for smaller volumes install another release." .size .of .existing .existing -}}
{{- else if and .fixed (gt (float64 $wanted) (float64 $existing)) -}}
{{- printf "persistence.size is %s, and %s has %s, which no upgrade changes: first the claims grow, then the StatefulSet is made anew around its pods. docs/volumes.md has the steps. Until then leave it at %s." .size .of .existing .existing -}}
{{- end -}}
{{- end -}}

{{/*
What is wrong with the values' persistence for what exists. Takes name (of the StatefulSet), persistence (the values'), set
(the StatefulSet, or nothing) and claims (those of its pods, looked at when there is no set).
*/}}
{{- define "baton.volumesProblem" -}}
{{- $persistence := .persistence -}}
{{- $of := printf "the StatefulSet %s" .name -}}
{{- $template := dict -}}
{{- if .set -}}
{{- range $claim := .set.spec.volumeClaimTemplates -}}
{{- if eq $claim.metadata.name "data" -}}{{- $template = $claim.spec -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- if and .set (not $template) $persistence.enabled -}}
{{- printf "persistence.enabled is true, and %s has no volumes, which no upgrade changes: save the data (docs/backup.md), uninstall, and install anew." $of -}}
{{- else if and $template (not $persistence.enabled) -}}
{{- printf "persistence.enabled is false, and %s has volumes, which no upgrade changes: save the data (docs/backup.md), uninstall, and install anew." $of -}}
{{- else if $template -}}
{{- $class := ternary (default "-" $template.storageClassName) "" (hasKey $template "storageClassName") -}}
{{- $modes := join ", " $persistence.accessModes -}}
{{- $had := join ", " $template.accessModes -}}
{{- if ne $class (default "" $persistence.storageClass) -}}
{{- printf "persistence.storageClass is %q, and %s has %q, which no upgrade changes. Leave it at %q." (default "" $persistence.storageClass) $of $class $class -}}
{{- else if ne $modes $had -}}
{{- printf "persistence.accessModes is %s, and %s has %s, which no upgrade changes. Leave it at %s." $modes $of $had $had -}}
{{- else -}}
{{- include "baton.sizeProblem" (dict "size" $persistence.size "existing" $template.resources.requests.storage "of" $of "fixed" true) -}}
{{- end -}}
{{- else if and $persistence.enabled (not .set) -}}
{{- $problems := list -}}
{{- range $claim := .claims -}}
{{- $of := printf "the volume %s, which is there from before," $claim.metadata.name -}}
{{- $problem := include "baton.sizeProblem" (dict "size" $persistence.size "existing" $claim.spec.resources.requests.storage "of" $of "fixed" false) -}}
{{- $problems = append $problems $problem -}}
{{- end -}}
{{- compact $problems | first | default "" -}}
{{- end -}}
{{- end -}}

{{/* Asks the cluster; helm template has none, and finds nothing wrong. Who overrides the claims knows what they do. */}}
{{- define "baton.validateVolumes" -}}
{{- $space := include "baton.namespace" . -}}
{{- $name := include "baton.fullname" . -}}
{{- $overridden := dig "spec" "volumeClaimTemplates" list (default dict .Values.overrides.statefulSet) -}}
{{- if not $overridden -}}
{{- $set := lookup "apps/v1" "StatefulSet" $space $name -}}
{{- $claims := list -}}
{{- if not $set -}}
{{- range $i := until (int .Values.replicas) -}}
{{- $claims = append $claims (lookup "v1" "PersistentVolumeClaim" $space (printf "data-%s-%d" $name $i)) -}}
{{- end -}}
{{- end -}}
{{- with include "baton.volumesProblem" (dict "name" $name "persistence" .Values.persistence "set" $set "claims" (compact $claims)) -}}
{{- fail . -}}
{{- end -}}
{{- end -}}
{{- end -}}
