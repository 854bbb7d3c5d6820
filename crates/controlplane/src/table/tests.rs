//! Cells of single objects.

use goyaml::Value;

use super::*;

#[track_caller]
fn check(group: &str, resource: &str, object: &str, expect: &[&str]) {
    let object: Value = goyaml::json::parse(object.as_bytes()).unwrap();
    let row = Row::new(&object, "2026-01-02T03:04:05Z".parse().unwrap());
    let cells: Vec<_> = builtin(group, resource).iter().map(|column| cells::shown(&(column.cell)(&row))).collect();
    assert_eq!(cells, expect);
}

#[test]
fn workloads() {
    check(
        "apps",
        "deployments",
        r#"{"metadata":{"name":"web","creationTimestamp":"2026-01-01T03:04:05Z"},"spec":{"replicas":3,
            "selector":{"matchLabels":{"app":"web"},"matchExpressions":[{"key":"a","operator":"In","values":["y","x"]}]},
            "template":{"spec":{"containers":[{"name":"a","image":"x:1"},{"name":"b","image":"y:2"}]}}},
            "status":{"readyReplicas":2,"updatedReplicas":3,"availableReplicas":1}}"#,
        &["web", "2/3", "3", "1", "24h", "a,b", "x:1,y:2", "a in (x,y),app=web"],
    );
    check(
        "batch",
        "jobs",
        r#"{"metadata":{"name":"j"},"spec":{"completions":2,"template":{"spec":{"containers":[]}}},
            "status":{"succeeded":2,"startTime":"2026-01-01T00:00:00Z","completionTime":"2026-01-01T00:05:30Z",
            "conditions":[{"type":"Complete","status":"True"}]}}"#,
        &["j", "Complete", "2/2", "5m30s", "<unknown>", "", "", "<none>"],
    );
}

#[test]
fn pods() {
    let pod = |status: &str| {
        format!(
            r#"{{"metadata":{{"name":"p"}},"spec":{{"nodeName":"n","containers":[{{"name":"c"}}],
                "initContainers":[{{"name":"i"}}]}},"status":{status}}}"#
        )
    };
    let wide = ["<unknown>", "<none>", "n", "<none>", "<none>"];
    let check =
        |status: &str, first: [&str; 3]| check("", "pods", &pod(status), &[&["p"], &first[..], &wide[..]].concat());
    check(r#"{"phase":"Pending"}"#, ["0/1", "Pending", "0"]);
    check(
        r#"{"phase":"Running","containerStatuses":[{"name":"c","ready":true,"restartCount":2,"state":{"running":{}},
            "lastState":{"terminated":{"finishedAt":"2026-01-02T03:00:05Z"}}}],
            "initContainerStatuses":[{"name":"i","state":{"terminated":{"exitCode":0}}}]}"#,
        ["1/1", "Running", "2 (4m ago)"],
    );
    check(
        r#"{"phase":"Pending","initContainerStatuses":[{"name":"i","state":{"waiting":{"reason":"PodInitializing"}}}]}"#,
        ["0/1", "Init:0/1", "0"],
    );
    check(
        r#"{"phase":"Pending","containerStatuses":[{"name":"c","state":{"waiting":{"reason":"ImagePullBackOff"}}}]}"#,
        ["0/1", "ImagePullBackOff", "0"],
    );
}

#[test]
fn network() {
    check(
        "",
        "services",
        r#"{"metadata":{"name":"s"},"spec":{"type":"LoadBalancer","clusterIPs":["10.0.0.1"],"ports":[{"port":80,"nodePort":30080,
            "protocol":"TCP"},{"port":53,"protocol":"UDP"}],"selector":{"b":"2","a":"1"}},"status":{"loadBalancer":{}}}"#,
        &["s", "LoadBalancer", "10.0.0.1", "<pending>", "80:30080/TCP,53/UDP", "<unknown>", "a=1,b=2"],
    );
    check(
        "networking.k8s.io",
        "ingresses",
        r#"{"metadata":{"name":"i"},"spec":{"rules":[{"host":"a"},{"host":"b"},{},{"host":"c"},{"host":"d"}],"tls":[{}]},
            "status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.1"}]}}}"#,
        &["i", "<none>", "a,b,c + 2 more...", "192.0.2.1", "80, 443", "<unknown>"],
    );
}

#[test]
fn spans_of_time() {
    let cases = [
        (-5, "<invalid>"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (125, "2m5s"),
        (3600, "60m"),
        (10_800, "3h"),
        (29_000, "8h"),
        (180_000, "2d2h"),
        (800_000, "9d"),
        (70_000_000, "2y80d"),
        (300_000_000, "9y"),
    ];
    for (seconds, expect) in cases {
        assert_eq!(cells::human(seconds), expect, "{seconds}");
    }
}
