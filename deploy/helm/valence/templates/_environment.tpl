{{/* Entries of `secretSettings` or `secretFiles` that a role gets: { role, entries }. */}}
{{- define "valence.forRole" -}}
{{- $mine := dict -}}
{{- range $name, $entry := .entries -}}
{{- if or (not $entry.roles) (has $.role $entry.roles) -}}{{- $_ := set $mine $name $entry -}}{{- end -}}
{{- end -}}
{{- toYaml $mine -}}
{{- end }}

{{/* Settings whose values the chart sets: { root, role }. */}}
{{- define "valence.ownSettings" -}}
{{- $values := .root.Values -}}
VALENCE_SHUTDOWN_TIMEOUT_MS: {{ $values.shutdownTimeoutMs | int64 | quote }}
VALENCE_MODEL_STORE: /var/lib/valence/models
{{- if $values.certificates.kafka.enabled }}
VALENCE_KAFKA_TLS_CERT_FILE: /etc/valence/{{ include "valence.kafkaUser" . }}/tls.crt
VALENCE_KAFKA_TLS_KEY_FILE: /etc/valence/{{ include "valence.kafkaUser" . }}/tls.key
{{- end }}
{{- if and $values.certificates.redis.enabled (has .role (list "processor" "facade")) }}
VALENCE_REDIS_TLS_CERT_FILE: /etc/valence/{{ include "valence.fullname" .root }}-redis-client/tls.crt
VALENCE_REDIS_TLS_KEY_FILE: /etc/valence/{{ include "valence.fullname" .root }}-redis-client/tls.key
{{- end }}
{{- if eq .role "facade" }}
VALENCE_HTTP_MAX_BODY_BYTES: {{ $values.facade.maxBodyBytes | int64 | quote }}
{{- if $values.certificates.facade.enabled }}
VALENCE_HTTP_TLS_CERT_FILE: /etc/valence/{{ include "valence.fullname" .root }}-https/tls.crt
VALENCE_HTTP_TLS_KEY_FILE: /etc/valence/{{ include "valence.fullname" .root }}-https/tls.key
{{- if $values.certificates.facade.mutual }}
VALENCE_HTTP_TLS_CLIENT_CA_FILE: /etc/valence/{{ include "valence.fullname" .root }}-https/ca.crt
{{- end }}
{{- end }}
{{- end }}
{{- if eq .role "lag-service" }}
{{- with $values.autoscaling.processor }}
VALENCE_SCALING_MIN_REPLICAS: {{ .min | int64 | quote }}
VALENCE_SCALING_MAX_REPLICAS: {{ .max | int64 | quote }}
VALENCE_SCALING_TARGET_MS: {{ .targetMs | int64 | quote }}
VALENCE_SCALING_CAPACITY_TEXTS: {{ .capacityTexts | int64 | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* The environment of a container: { root, role, color?, settings }. */}}
{{- define "valence.environment" -}}
{{- $color := dict -}}
{{- if .color -}}{{- $color = (get .root.Values.colors .color).settings -}}{{- end -}}
{{- $settings := mergeOverwrite (dict) (include "valence.ownSettings" . | fromYaml) .root.Values.settings (default (dict) .settings) $color -}}
{{- $files := include "valence.forRole" (dict "role" .role "entries" .root.Values.secretFiles) | fromYaml -}}
{{- range $name, $file := $files -}}
{{- $_ := set $settings $name (printf "/etc/valence/%s/%s" $file.secret $file.key) -}}
{{- end -}}
{{- range $name, $value := $settings }}
- { name: {{ $name }}, value: {{ $value | quote }} }
{{- end }}
{{- range $name, $entry := include "valence.forRole" (dict "role" .role "entries" .root.Values.secretSettings) | fromYaml }}
- name: {{ $name }}
  valueFrom: { secretKeyRef: { name: {{ $entry.secret }}, key: {{ $entry.key | quote }} } }
{{- end }}
{{- if eq .role "processor" }}
# A pod name is unique and survives restarts: it is the instance id of a static group member.
- name: VALENCE_KAFKA_INSTANCE_ID
  valueFrom: { fieldRef: { fieldPath: metadata.name } }
{{- end }}
{{- if and (has .role (list "processor" "facade")) (not (hasKey $settings "VALENCE_INFERENCE_WORKERS")) }}
# The CPU request, not the CPUs of the node.
- name: VALENCE_INFERENCE_WORKERS
  valueFrom: { resourceFieldRef: { containerName: {{ .role }}, resource: requests.cpu, divisor: "1" } }
{{- end }}
{{- end }}

{{/* Names of the secrets that are mounted into a role, each under /etc/valence: { root, role }. */}}
{{- define "valence.mountedSecrets" -}}
{{- $values := .root.Values -}}
{{- $names := list -}}
{{- range include "valence.forRole" (dict "role" .role "entries" $values.secretFiles) | fromYaml -}}
{{- $names = append $names .secret -}}
{{- end -}}
{{- if $values.certificates.kafka.enabled -}}{{- $names = append $names (include "valence.kafkaUser" .) -}}{{- end -}}
{{- if and (has .role (list "processor" "facade")) $values.certificates.redis.enabled -}}
{{- $names = append $names (printf "%s-redis-client" (include "valence.fullname" .root)) -}}
{{- end -}}
{{- if and (eq .role "facade") $values.certificates.facade.enabled -}}
{{- $names = append $names (printf "%s-https" (include "valence.fullname" .root)) -}}
{{- end -}}
{{- toYaml ($names | uniq | sortAlpha) -}}
{{- end }}
