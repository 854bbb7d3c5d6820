{{- define "errors.nil" -}}
{{ .Values.nothing.here }}
{{- end -}}
{{- define "errors.outer" -}}
a line
{{ include "errors.nil" . }}
{{- end -}}
{{- define "errors.fail" -}}
{{ fail "this chart\nrefuses" }}
{{- end -}}
{{- define "errors.loop" -}}
{{ include "errors.loop" . }}
{{- end -}}
