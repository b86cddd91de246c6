{{/* The common part of all containers: { root, role, color?, settings }. */}}
{{- define "valence.container" -}}
image: {{ include "valence.image" . | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  capabilities: { drop: [ALL] }
env:
  {{- include "valence.environment" . | trim | nindent 2 }}
volumeMounts:
  - { name: tmp, mountPath: /tmp }
  - { name: models, mountPath: /var/lib/valence/models }
  {{- range include "valence.mountedSecrets" . | fromYamlArray }}
  - { name: {{ . }}, mountPath: {{ printf "/etc/valence/%s" . }}, readOnly: true }
  {{- end }}
{{- end }}

{{/* Probes of a service, on the admin port. */}}
{{- define "valence.probes" -}}
startupProbe:
  httpGet: { path: /livez, port: admin }
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: { path: /livez, port: admin }
  periodSeconds: 10
  timeoutSeconds: 3
  failureThreshold: 3
readinessProbe:
  httpGet: { path: /readyz, port: admin }
  periodSeconds: 5
  timeoutSeconds: 3
  failureThreshold: 2
{{- end }}

{{/* The common part of all pods: { root, role, color?, scheduling? }; scheduling is the values of the role. */}}
{{- define "valence.pod" -}}
serviceAccountName: {{ include "valence.fullname" .root }}-{{ .role }}
automountServiceAccountToken: false
# Kubernetes would set service variables; those of a release named valence look like settings.
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  seccompProfile: { type: RuntimeDefault }
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .scheduling }}
{{- with .nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
volumes:
  - { name: tmp, emptyDir: { sizeLimit: 64Mi } }
  - { name: models, emptyDir: { sizeLimit: {{ .root.Values.modelStoreSize }} } }
  {{- range include "valence.mountedSecrets" . | fromYamlArray }}
  - { name: {{ . }}, secret: { secretName: {{ . }}, defaultMode: 0440 } }
  {{- end }}
{{- end }}

{{/* Even spread over zones, and over nodes if possible: { root, role, color, unsatisfiable }. */}}
{{- define "valence.spread" -}}
topologySpreadConstraints:
  {{- range $key, $when := dict "topology.kubernetes.io/zone" .unsatisfiable "kubernetes.io/hostname" "ScheduleAnyway" }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: {{ $when }}
    labelSelector:
      matchLabels: {{- include "valence.selector" (pick $ "root" "role" "color") | nindent 8 }}
  {{- end }}
{{- end }}
