use super::*;

const NOW: &str = "2026-11-29T06:30:00Z";

fn now() -> Timestamp {
    Timestamp::parse(NOW).expect("a time")
}

fn draft() -> Draft {
    Draft {
        name: "web".to_owned(),
        namespace: "apps".to_owned(),
        chart: RecordedChart::from_value(&Value::empty_map()),
        config: Value::empty_map(),
        manifest: "---\n".into(),
        hooks: Vec::new(),
        notes: String::new(),
        labels: BTreeMap::new(),
        apply_method: ApplyMethod::ServerSide,
        now: now(),
    }
}

/// A history with these states: `superseded deployed failed`.
fn history(states: &str) -> History {
    let revision = |(status, version): (&str, i64)| {
        let mut release = draft().into_release(version, Status::parse(status), "");
        release.info.first_deployed = Timestamp::parse("2020-01-01T00:00:00Z").ok();
        release.manifest = format!("# {version}").into();
        release.labels.insert("revision".to_owned(), version.to_string());
        release
    };
    // The other way round: the order of the records does not count.
    let mut revisions: Vec<Release> = states.split_whitespace().zip(1..).map(revision).collect();
    revisions.reverse();
    History::new(revisions)
}

fn installed(states: &str, replace: bool) -> String {
    match install(&history(states), draft(), replace) {
        Ok(Installing { release, superseded }) => {
            let before = superseded.map(|last| format!(", v{} {}", last.version, last.info.status));
            format!("v{} {}{}", release.version, release.info.status, before.unwrap_or_default())
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_name_is_taken_once() {
    assert_eq!(installed("", false), "v1 pending-install");
    for states in ["deployed", "failed", "uninstalled", "pending-install", "superseded deployed"] {
        assert!(installed(states, false).starts_with("cannot reuse a name that is still in use"), "{states}");
    }
}

#[test]
fn a_name_is_taken_anew() {
    assert_eq!(installed("failed", true), "v2 pending-install");
    assert_eq!(installed("superseded uninstalled", true), "v3 pending-install, v2 superseded");
    assert!(installed("deployed", true).starts_with("cannot reuse a name"));
    assert!(installed("pending-upgrade", true).starts_with("cannot reuse a name"));
}

fn based(states: &str) -> String {
    match upgrade_base(&history(states), "web") {
        Ok(base) => format!("v{} from v{}", base.last.version + 1, base.current.version),
        Err(error) => error.to_string(),
    }
}

#[test]
fn an_upgrade_starts_from_what_is_deployed() {
    assert_eq!(based("deployed"), "v2 from v1");
    assert_eq!(based("superseded deployed failed failed"), "v5 from v2");
    assert_eq!(based("failed"), "v2 from v1");
    assert_eq!(based("superseded superseded"), "v3 from v2");
    assert_eq!(based("deployed deployed"), "v3 from v2");
    assert_eq!(based("deployed uninstalled"), "v3 from v1");
}

#[test]
fn an_upgrade_needs_something_to_start_from() {
    assert_eq!(based(""), "\"web\" has no deployed releases");
    assert_eq!(based("uninstalled"), "\"web\" has no deployed releases");
    assert_eq!(based("uninstalling"), "\"web\" has no deployed releases");
    for states in ["pending-install", "deployed pending-upgrade", "superseded deployed pending-rollback"] {
        assert!(based(states).starts_with("another operation (install/upgrade/rollback) is in progress"), "{states}");
    }
}

#[test]
fn an_upgrade_keeps_what_the_release_is() {
    let history = history("deployed failed");
    let base = upgrade_base(&history, "web").expect("a base");
    let label = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let labels = BTreeMap::from([label("team", "a"), label("gone", "null")]);
    let made = upgrade(base, Draft { namespace: "elsewhere".to_owned(), labels, ..draft() });
    assert_eq!((made.version, made.info.status.clone()), (3, Status::PendingUpgrade));
    assert_eq!(made.namespace, "apps");
    assert_eq!(made.info.first_deployed.map(|time| time.to_string()).as_deref(), Some("2020-01-01T00:00:00Z"));
    assert_eq!(made.info.last_deployed.map(|time| time.to_string()).as_deref(), Some(NOW));
    assert_eq!(made.labels, BTreeMap::from([label("revision", "2"), label("team", "a")]));
}

fn rolled_back(states: &str, version: i64) -> String {
    match roll_back(&history(states), "web", version, &now()) {
        Ok(RollingBack { current, release }) => {
            let Release { version, info, manifest, .. } = release;
            format!("v{version} {} of {manifest}, {}, behind v{}", info.status, info.description, current.version)
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_rollback_makes_an_older_revision_again() {
    assert_eq!(rolled_back("superseded deployed", 0), "v3 pending-rollback of # 1, Rollback to 1, behind v2");
    assert_eq!(
        rolled_back("superseded superseded deployed failed", 1),
        "v5 pending-rollback of # 1, Rollback to 1, behind v4"
    );
    assert_eq!(rolled_back("deployed pending-upgrade", 1), "v3 pending-rollback of # 1, Rollback to 1, behind v2");
    assert_eq!(rolled_back("deployed", 0), "release \"web\" has no 0 version; there are 1");
    assert_eq!(rolled_back("superseded deployed", 7), "release \"web\" has no 7 version; there are 1, 2");
    assert_eq!(rolled_back("", 0), "release \"web\" not found");
}

fn uninstalled(states: &str, keep: bool) -> String {
    match uninstall(&history(states), "web", keep, &now()) {
        Ok(Uninstalling::Purge(_)) => "purge".to_owned(),
        Ok(Uninstalling::Release(release)) => format!("v{} {}", release.version, release.info.status),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_last_revision_is_uninstalled() {
    assert_eq!(uninstalled("superseded deployed", false), "v2 uninstalling");
    assert_eq!(uninstalled("deployed failed", true), "v2 uninstalling");
    assert_eq!(uninstalled("pending-install", false), "v1 uninstalling");
    assert_eq!(uninstalled("superseded uninstalled", false), "purge");
    assert_eq!(uninstalled("superseded uninstalled", true), "the release named \"web\" is already deleted");
    assert_eq!(uninstalled("", false), "release \"web\" not found");
}

#[test]
fn the_oldest_records_go_first_and_the_deployed_one_stays() {
    assert_eq!(history("superseded superseded deployed").surplus(3), [1]);
    assert_eq!(history("superseded superseded deployed").surplus(2), [1, 2]);
    assert_eq!(history("deployed failed failed failed").surplus(2), [2, 3, 4]);
    assert_eq!(history("deployed failed failed failed").surplus(3), [2, 3]);
    assert_eq!(history("failed failed").surplus(1), [1, 2]);
    assert_eq!(history("superseded deployed").surplus(0), Vec::<i64>::new());
    assert_eq!(history("superseded deployed").surplus(10), Vec::<i64>::new());
}

/// `--reuse-values` and its kin: values as JSON, and the value of `a` in the defaults that they go over.
fn carried(given: &str, policy: ValuePolicy) -> (String, String) {
    let json = |text: &str| goyaml::json::parse(text.as_bytes()).expect("JSON");
    let mut old = history("deployed").into_revisions().remove(0);
    let metadata = r#"{"metadata":{"name":"c","version":"1.0.0","apiVersion":"v2"},"values":"#;
    old.chart = RecordedChart::from_value(&json(&format!("{metadata}{{\"a\":1,\"b\":2}}}}")));
    old.config = json(r#"{"b":3,"m":{"x":1,"y":2}}"#);
    let chart = RecordedChart::from_value(&json(&format!("{metadata}{{\"a\":10}}}}"))).to_chart().expect("a chart");
    let (values, chart) = carried_values(&old, &chart, &json(given), policy, HelmCompat::default()).expect("values");
    let default = chart.values.get("a").map(goyaml::json::to_go_string).unwrap_or_default();
    (goyaml::json::to_go_string(&values), default)
}

#[test]
fn an_upgrade_takes_over_values() {
    let check = |given, policy, values: &str, default: &str| {
        assert_eq!(carried(given, policy), (values.to_owned(), default.to_owned()), "{given} {policy:?}");
    };
    check("{}", ValuePolicy::KeepIfNone, r#"{"b":3,"m":{"x":1,"y":2}}"#, "10");
    check(r#"{"c":1}"#, ValuePolicy::KeepIfNone, r#"{"c":1}"#, "10");
    check("{}", ValuePolicy::Reset, "{}", "10");
    check(r#"{"m":{"x":5}}"#, ValuePolicy::Reuse, r#"{"b":3,"m":{"x":5,"y":2}}"#, "1");
    check(r#"{"m":{"x":5}}"#, ValuePolicy::ResetThenReuse, r#"{"b":3,"m":{"x":5,"y":2}}"#, "10");
    check(r#"{"b":null}"#, ValuePolicy::ResetThenReuse, r#"{"m":{"x":1,"y":2}}"#, "10");
}
