//! Reading and writing a manifest of about a megabyte.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use goyaml::{ParseOptions, emit, json, parse_documents};

const OBJECT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  labels: {app: web, tier: \"front\"}\nspec:\n  replicas: 3\n  template:\n    spec:\n      containers:\n      - name: web\n        image: registry.example/web:1.2.3\n        args: [--port, \"8080\"]\n        env:\n        - name: NOTE\n          value: a longer text that goes on until it has to be folded at the eightieth column or so\n      - name: side\n        command:\n        - sh\n        - -c\n        - |\n          set -e\n          exec side --verbose\n---\n";

fn yaml(criterion: &mut Criterion) {
    let text = OBJECT.repeat(1_600);
    let documents = parse_documents(&text, &ParseOptions::default()).expect("the text is right");
    let mut group = criterion.benchmark_group("yaml");
    group.throughput(Throughput::Bytes(text.len() as u64)).sample_size(10);
    group.bench_function("parse", |bencher| bencher.iter(|| parse_documents(&text, &ParseOptions::default())));
    group.bench_function("emit", |bencher| {
        bencher.iter(|| documents.iter().map(|document| emit(&document.value).len()).sum::<usize>());
    });
    group.bench_function("json", |bencher| {
        bencher.iter(|| documents.iter().map(|document| json::to_go_string(&document.value).len()).sum::<usize>());
    });
    group.finish();
}

criterion_group!(benches, yaml);
criterion_main!(benches);
