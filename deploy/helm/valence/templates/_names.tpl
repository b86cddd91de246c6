{{- define "valence.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- (contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name)) | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{/* Selector labels of the pods of a role: { root, role, color? }. They never change between versions. */}}
{{- define "valence.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .role }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- with .color }}
color: {{ . }}
{{- end }}
{{- end }}

{{- define "valence.labels" -}}
{{ include "valence.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{/* The image of a colour, or the default image: { root, color? }. */}}
{{- define "valence.image" -}}
{{- $own := dict -}}
{{- if .color -}}{{- $own = (get .root.Values.colors .color).image -}}{{- end -}}
{{- $image := merge (dict) $own (ternary (dict) .root.Values.image (or (hasKey $own "tag") (hasKey $own "digest"))) -}}
{{- if $image.digest -}}
{{- printf "%s@%s" .root.Values.image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" .root.Values.image.repository (default .root.Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end }}

{{/* A Kafka user, which is the common name of its certificate: { root, role }. */}}
{{- define "valence.kafkaUser" -}}
{{- printf "%s-%s" (include "valence.fullname" .root) .role -}}
{{- end }}

{{/* Termination grace period in seconds: the drain deadline, plus ten seconds, plus preStopSeconds of the role. */}}
{{- define "valence.grace" -}}
{{- add (ceil (divf .root.Values.shutdownTimeoutMs 1000)) 10 (default 0 .before) -}}
{{- end }}

{{/* The enabled colours, as a YAML list. */}}
{{- define "valence.colors" -}}
{{- range $color, $spec := .Values.colors }}
{{- if $spec.enabled }}
- {{ $color }}
{{- end }}
{{- end }}
{{- end }}

{{/* The roles of the release, as a YAML list. */}}
{{- define "valence.roles" -}}
- processor
{{- if .Values.facade.enabled }}
- facade
{{- end }}
{{- if .Values.lagService.enabled }}
- lag-service
{{- end }}
{{- if or .Values.provision.topics .Values.provision.schemas }}
- provision
{{- end }}
{{- if .Values.bulk.enabled }}
- bulk
{{- end }}
{{- if .Values.backup.enabled }}
- backup
{{- end }}
{{- end }}
