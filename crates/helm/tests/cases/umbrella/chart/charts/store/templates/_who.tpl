{{- define "store.who" -}}the child{{- end -}}
