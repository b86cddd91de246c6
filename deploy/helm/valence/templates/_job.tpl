{{/* A command of the image on a schedule: { root, role, values, arguments }. */}}
{{- define "valence.cronJob" -}}
{{- $role := dict "root" .root "role" .role "settings" .values.settings "scheduling" .values }}
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {{ include "valence.fullname" .root }}-{{ .role }}
  labels: {{- include "valence.labels" $role | nindent 4 }}
spec:
  schedule: {{ .values.schedule | quote }}
  timeZone: Etc/UTC
  # A run continues the previous one; two concurrent runs would fence each other.
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 300
  successfulJobsHistoryLimit: 1
  failedJobsHistoryLimit: 3
  jobTemplate:
    spec:
      backoffLimit: 2
      activeDeadlineSeconds: {{ .values.timeoutSeconds }}
      template:
        metadata:
          labels: {{- include "valence.selector" $role | nindent 12 }}
        spec:
          {{- include "valence.pod" $role | nindent 10 }}
            {{- with .values.existingClaim }}
            - { name: data, persistentVolumeClaim: { claimName: {{ . }} } }
            {{- end }}
          restartPolicy: Never
          terminationGracePeriodSeconds: {{ include "valence.grace" (dict "root" .root) }}
          containers:
            - name: {{ .role }}
              args: {{- toYaml .arguments | nindent 16 }}
              {{- include "valence.container" $role | nindent 14 }}
                {{- if .values.existingClaim }}
                - { name: data, mountPath: /data }
                {{- end }}
              resources: {{- toYaml .values.resources | nindent 16 }}
{{- end }}
