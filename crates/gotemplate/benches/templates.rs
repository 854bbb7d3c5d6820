//! Reading and running templates as charts have them: labels by `include`, specs by `toYaml`, values through `tpl`.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gotemplate::{Functions, NoHost, Options, Renderer, TemplateSet, from_yaml, parse};

const HELPERS: &str = "{{- define \"app.name\" -}}\n{{- default .name .nameOverride | trunc 63 | trimSuffix \"-\" }}\n{{- end }}\n{{- define \"app.labels\" -}}\napp.kubernetes.io/name: {{ include \"app.name\" . }}\napp.kubernetes.io/instance: {{ .release }}\n{{- with .version }}\napp.kubernetes.io/version: {{ . | quote }}\n{{- end }}\n{{- end }}\n";

const OBJECT: &str = "{{- if .enabled }}\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ include \"app.name\" . }}\n  labels:\n    {{- include \"app.labels\" . | nindent 4 }}\n  {{- with .annotations }}\n  annotations:\n    {{- toYaml . | nindent 4 }}\n  {{- end }}\nspec:\n  replicas: {{ .replicas | int }}\n  template:\n    spec:\n      containers:\n        - name: {{ .name }}\n          image: {{ printf \"%s:%s\" .image.repository (.image.tag | default .version) | quote }}\n          args: [{{ range $i, $arg := .args }}{{ if $i }}, {{ end }}{{ $arg | quote }}{{ end }}]\n          resources: {{- toYaml .resources | nindent 12 }}\n          note: {{ tpl .note . | quote }}\n{{- end }}\n---\n";

const VALUES: &[u8] = br#"{"name":"web","nameOverride":"","release":"prod","version":"1.2.3","enabled":true,"replicas":3,"image":{"repository":"registry.example/web","tag":""},"annotations":{"a.example/x":"1","b.example/y":"a longer text with some words"},"args":["--port","8080","--verbose"],"resources":{"limits":{"cpu":"1","memory":"1Gi"},"requests":{"cpu":"100m","memory":"128Mi"}},"note":"{{ .name }} of {{ .release }}"}"#;

/// Objects of one run.
const OBJECTS: usize = 200;

fn templates(criterion: &mut Criterion) {
    let text = OBJECT.repeat(OBJECTS);
    let mut set = TemplateSet::new(Functions::Helm);
    for (name, text) in [("helpers", HELPERS), ("objects", &text)] {
        set.add(&parse(name, text.as_bytes(), Functions::Helm).expect("the template is right"));
    }
    let values = goyaml::json::parse(VALUES).expect("the values are JSON");
    let mut group = criterion.benchmark_group("templates");
    group.throughput(Throughput::Bytes(text.len() as u64)).sample_size(10);
    group.bench_function("parse", |bencher| bencher.iter(|| parse("objects", text.as_bytes(), Functions::Helm)));
    group.bench_function("run", |bencher| {
        bencher.iter(|| {
            let mut renderer = Renderer::new(&set, &NoHost, Options::default());
            renderer.render("objects", &from_yaml(&values)).expect("the template runs").len()
        });
    });
    group.finish();
}

criterion_group!(benches, templates);
criterion_main!(benches);
