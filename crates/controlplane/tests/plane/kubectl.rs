//! The real `kubectl` over TLS, with its objects on disk.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use controlplane::{Config, ControlPlane, Storage};
use libtest_mimic::{Failed, Trial};
use testkit::oracle::{self, Oracle};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::world::deployment;

/// Commands in their order, what stands on their input, and what they must print.
const STEPS: &[(&str, &str, &str)] = &[
    ("version", "", "Server Version: v1.36"),
    ("get namespaces -o name", "", "namespace/kube-system"),
    ("create namespace team", "", "namespace/team created"),
    ("apply -n team -f -", "DEPLOYMENT", "deployment.apps/web created"),
    ("apply -n team -f -", "DEPLOYMENT", "deployment.apps/web unchanged"),
    ("get deploy -n team web -o jsonpath={.spec.replicas}", "", "1"),
    ("scale -n team deploy/web --replicas=3", "", "deployment.apps/web scaled"),
    ("set image -n team deploy/web c=nginx:9", "", "deployment.apps/web image updated"),
    ("label -n team deploy/web tier=front", "", "deployment.apps/web labeled"),
    ("annotate -n team deploy/web a=b", "", "deployment.apps/web annotated"),
    ("get deploy -A -l tier=front", "", "web"),
    ("patch -n team deploy web -p {\"spec\":{\"paused\":true}}", "", "deployment.apps/web patched"),
    ("apply --server-side -n team -f -", "CONFIGMAP", "configmap/settings serverside-applied"),
    ("apply -n team --server-side --field-manager=other -f -", "CONFIGMAP2", "conflict with \"kubectl\""),
    ("diff -n team -f -", "CONFIGMAP_SAME", ""),
    ("create configmap -n team literal --from-literal=k=v", "", "configmap/literal created"),
    ("create secret generic -n team hidden --from-literal=k=v", "", "secret/hidden created"),
    ("create serviceaccount -n team bot", "", "serviceaccount/bot created"),
    ("expose -n team deploy/web --port=80", "", "service/web exposed"),
    ("get all -n team", "", "deployment.apps/web"),
    ("auth can-i create pods", "", "yes"),
    ("auth whoami", "", "kubernetes-admin"),
    ("apply -f -", "DEFINITION", "customresourcedefinition.apiextensions.k8s.io/crontabs.stable.example.com created"),
    ("apply -n team -f -", "TAB", "crontab.stable.example.com/t created"),
    ("get ct -n team t -o jsonpath={.spec.replicas}", "", "1"),
    ("explain crontab.spec", "", "cronSpec"),
    ("explain deployment.spec.replicas", "", "replicas"),
    ("api-resources", "", "crontabs"),
    ("replace -n team -f -", "CONFIGMAP", "configmap/settings replaced"),
    ("create deployment -n team quick --image=nginx:1", "", "deployment.apps/quick created"),
    ("create job -n team once --image=busybox:1", "", "job.batch/once created"),
    ("run -n team single --image=busybox:1", "", "pod/single created"),
    ("describe deploy -n team web", "", "StrategyType:"),
    ("describe pod -n team single", "", "busybox:1"),
    ("rollout restart -n team deploy/quick", "", "deployment.apps/quick restarted"),
    ("rollout pause -n team deploy/quick", "", "deployment.apps/quick paused"),
    ("get events -n team", "", "ScalingReplicaSet"),
    ("create token -n team bot", "", "."),
    (
        "autoscale -n team deploy/quick --min=1 --max=2 --cpu=50%",
        "",
        "horizontalpodautoscaler.autoscaling/quick autoscaled",
    ),
    ("create ingress -n team front --rule=a.example/*=web:80", "", "ingress.networking.k8s.io/front created"),
    (
        "create rolebinding -n team view --clusterrole=view --serviceaccount=team:bot",
        "",
        "rolebinding.rbac.authorization.k8s.io/view created",
    ),
    ("auth whoami --as=ada --as-group=team", "", "ada"),
    ("exec -n team single -- ls", "", "does not run containers"),
    ("delete configmap -n team literal", "", "configmap \"literal\" deleted"),
    ("wait -n team --for=delete configmap/literal --timeout=5s", "", ""),
    ("delete namespace team", "", "namespace \"team\" deleted"),
    ("get namespace team", "", "namespaces \"team\" not found"),
];

fn input(name: &str) -> String {
    let settings = |value: &str| crate::world::config_map("settings", value);
    match name {
        "DEPLOYMENT" => deployment("web").replace("0.5", "500m"),
        "CONFIGMAP" | "CONFIGMAP_SAME" => settings("1"),
        "CONFIGMAP2" => settings("2"),
        "DEFINITION" => crate::custom::definition(),
        "TAB" => r#"{"apiVersion":"stable.example.com/v1","kind":"CronTab","metadata":{"name":"t"},"spec":{"cronSpec":"* *"}}"#.into(),
        _ => String::new(),
    }
}

/// One test per version of kubectl.
pub fn trials() -> Vec<Trial> {
    let trial = |(name, oracle): (&str, Oracle)| {
        let program = oracle::find(oracle);
        let missing = program.is_err();
        let test =
            move || program.map_err(|error| Failed::from(error.to_string())).and_then(|program| commands(&program));
        Trial::test(format!("kubectl::{name}"), test).with_ignored_flag(missing)
    };
    [("pinned", Oracle::Kubectl), ("newest", Oracle::KubectlNew)].map(trial).into()
}

fn commands(program: &Path) -> Result<(), Failed> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let folder = tempfile::tempdir()?;
        let plane = ControlPlane::open(Storage::File(folder.path().join("store")), Config::default())?;
        let listening = plane.listen("127.0.0.1:0".parse()?).await?;
        let config = folder.path().join("kubeconfig");
        std::fs::write(&config, plane.kubeconfig(&listening.url()))?;
        let kubectl = Kubectl { program: program.to_owned(), config, home: folder.path().to_owned() };
        let mut faults = Vec::new();
        for (command, body, expect) in STEPS {
            let printed = kubectl.run(command, &input(body)).await?;
            if !printed.contains(expect) {
                faults.push(format!("kubectl {command}\n  printed: {printed}\n  expected: {expect}"));
            }
        }
        plane.shutdown().await;
        if faults.is_empty() { Ok(()) } else { Err(faults.join("\n").into()) }
    })
}

struct Kubectl {
    program: PathBuf,
    config: PathBuf,
    home: PathBuf,
}

impl Kubectl {
    /// What a command prints, to both of its outputs.
    async fn run(&self, command: &str, input: &str) -> Result<String, Failed> {
        let mut child = Command::new(&self.program)
            .args(command.split(' '))
            .arg("--request-timeout=10s")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.home)
            .env("KUBECONFIG", &self.config)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut stdin = child.stdin.take().ok_or("kubectl has no input")?;
        stdin.write_all(input.as_bytes()).await.ok();
        drop(stdin);
        let output = child.wait_with_output().await?;
        Ok(format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
    }
}
