{{- define "store.who" -}}the parent{{- end -}}
