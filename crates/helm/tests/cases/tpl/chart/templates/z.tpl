{{ define "tpl.late" }}late{{ end }}
{{ define "tpl.block" }}{{ block "tpl.inner" . }}inner{{ end }}{{ end }}
not: printed as a partial, for its name starts with no underscore
