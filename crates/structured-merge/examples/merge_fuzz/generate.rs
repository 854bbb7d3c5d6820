//! Random objects out of few names and values, so that managers meet often.

use goyaml::{Map, Value};
use structured_merge::Gvk;

/// A xorshift generator: the same seed gives the same run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap_or(0) % limit.max(1)
    }

    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// JSON written in place.
pub(crate) fn json(text: &str) -> Value {
    goyaml::json::parse(text.as_bytes()).expect("because the generator writes JSON")
}

type Maker = fn(&mut Random) -> Value;

/// A map with each of these entries at this chance in percent.
fn map(random: &mut Random, entries: &[(&str, usize, Maker)]) -> Value {
    let mut out = Map::new();
    for (key, percent, make) in entries {
        if random.chance(*percent) {
            out.insert(*key, make(random));
        } else if random.chance(1) {
            out.insert(*key, Value::NULL);
        }
    }
    if random.chance(1) {
        out.insert("unheardOf", true);
    }
    out.into()
}

fn list(random: &mut Random, most: usize, make: Maker) -> Value {
    let count = random.below(most + 1);
    (0..count).map(|_| make(random)).collect()
}

/// Items with different names, in any order.
fn named(random: &mut Random, names: &[&str], make: Maker) -> Value {
    let mut names: Vec<&str> = names.iter().copied().filter(|_| random.chance(50)).collect();
    if random.chance(50) {
        names.reverse();
    }
    if random.chance(2) {
        names.extend(names.clone().first());
    }
    let items = names.into_iter().map(|name| {
        let mut item = make(random);
        item.set_at(&["name"], name);
        item
    });
    items.collect()
}

fn word(random: &mut Random) -> Value {
    random.pick(&["one", "two", "three"]).into()
}

fn number(random: &mut Random) -> Value {
    if random.chance(2) { word(random) } else { Value::from(random.pick(&[1_i64, 2, 3])) }
}

fn flag(random: &mut Random) -> Value {
    random.chance(50).into()
}

fn words(random: &mut Random) -> Value {
    list(random, 3, word)
}

fn texts(random: &mut Random) -> Value {
    let entries = [("a", 50), ("b", 40), ("c.d/e", 30)];
    entries
        .into_iter()
        .filter(|(_, percent)| random.chance(*percent))
        .map(|(key, _)| key)
        .collect::<Vec<_>>()
        .into_iter()
        .map(|key| (key, word(random)))
        .collect()
}

fn quantities(random: &mut Random) -> Value {
    map(random, &[("cpu", 60, |random| json(random.pick(&["1", "\"500m\""]))), ("memory", 50, |_| "1Gi".into())])
}

fn metadata(random: &mut Random) -> Value {
    let mut out = map(
        random,
        &[
            ("labels", 50, texts),
            ("annotations", 40, texts),
            ("finalizers", 20, words),
            ("namespace", 80, |_| "default".into()),
            ("ownerReferences", 10, |random| {
                list(random, 2, |random| {
                    let mut owner = json("{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"name\":\"p\"}");
                    owner.set_at(&["uid"], word(random));
                    owner
                })
            }),
        ],
    );
    out.set_at(&["name"], "thing");
    out
}

fn port(random: &mut Random) -> Value {
    map(
        random,
        &[("containerPort", 98, number), ("protocol", 40, protocol), ("name", 40, word), ("hostPort", 20, number)],
    )
}

fn protocol(random: &mut Random) -> Value {
    random.pick(&["TCP", "UDP"]).into()
}

fn env(random: &mut Random) -> Value {
    named(random, &["A", "B", "C"], |random| {
        map(
            random,
            &[("value", 60, word), ("valueFrom", 20, |_| json("{\"fieldRef\":{\"fieldPath\":\"metadata.name\"}}"))],
        )
    })
}

fn container(random: &mut Random) -> Value {
    map(
        random,
        &[
            ("image", 80, word),
            ("command", 20, words),
            ("args", 20, words),
            ("env", 40, env),
            ("ports", 50, |random| list(random, 2, port)),
            ("resources", 40, |random| map(random, &[("limits", 60, quantities), ("requests", 60, quantities)])),
            ("imagePullPolicy", 20, word),
            ("volumeMounts", 20, |random| {
                list(random, 2, |random| map(random, &[("mountPath", 95, word), ("name", 90, word)]))
            }),
            ("securityContext", 20, |random| map(random, &[("runAsUser", 50, number), ("privileged", 50, flag)])),
        ],
    )
}

fn pod_spec(random: &mut Random) -> Value {
    map(
        random,
        &[
            ("containers", 95, |random| named(random, &["app", "side", "log"], container)),
            ("initContainers", 15, |random| named(random, &["app", "init"], container)),
            ("volumes", 30, |random| {
                named(random, &["v1", "v2"], |random| {
                    map(
                        random,
                        &[
                            ("emptyDir", 40, |random| map(random, &[("medium", 30, word)])),
                            ("configMap", 40, |random| map(random, &[("name", 80, word), ("optional", 20, flag)])),
                        ],
                    )
                })
            }),
            ("nodeSelector", 20, texts),
            ("tolerations", 20, |random| {
                list(random, 2, |random| map(random, &[("key", 60, word), ("operator", 50, word)]))
            }),
            ("imagePullSecrets", 15, |random| named(random, &["s1", "s2"], |_| Value::empty_map())),
            ("hostAliases", 15, |random| {
                list(random, 2, |random| map(random, &[("ip", 95, word), ("hostnames", 50, words)]))
            }),
            ("securityContext", 20, |random| {
                map(random, &[("fsGroup", 50, number), ("supplementalGroups", 40, |random| list(random, 2, number))])
            }),
            ("topologySpreadConstraints", 15, |random| {
                list(random, 2, |random| {
                    map(random, &[("topologyKey", 90, word), ("whenUnsatisfiable", 80, word), ("maxSkew", 50, number)])
                })
            }),
            ("serviceAccountName", 20, word),
        ],
    )
}

fn deployment(random: &mut Random) -> Value {
    map(
        random,
        &[
            ("replicas", 60, number),
            ("paused", 10, flag),
            ("selector", 60, |random| map(random, &[("matchLabels", 90, texts)])),
            ("strategy", 30, |random| {
                map(
                    random,
                    &[
                        ("type", 50, word),
                        ("rollingUpdate", 50, |random| {
                            map(random, &[("maxSurge", 60, |random| json(random.pick(&["1", "\"25%\""])))])
                        }),
                    ],
                )
            }),
            ("template", 85, |random| {
                map(random, &[("metadata", 60, |random| map(random, &[("labels", 80, texts)])), ("spec", 90, pod_spec)])
            }),
        ],
    )
}

fn service(random: &mut Random) -> Value {
    map(
        random,
        &[
            ("type", 50, word),
            ("selector", 60, texts),
            ("clusterIP", 30, word),
            ("clusterIPs", 20, words),
            ("externalIPs", 20, words),
            ("ports", 70, |random| {
                list(random, 3, |random| {
                    map(
                        random,
                        &[
                            ("port", 95, number),
                            ("protocol", 40, protocol),
                            ("name", 50, word),
                            ("targetPort", 50, |random| json(random.pick(&["80", "\"http\""]))),
                        ],
                    )
                })
            }),
            ("sessionAffinityConfig", 10, |random| {
                map(random, &[("clientIP", 80, |random| map(random, &[("timeoutSeconds", 80, number)]))])
            }),
        ],
    )
}

fn status(random: &mut Random) -> Value {
    map(
        random,
        &[
            ("observedGeneration", 50, number),
            ("conditions", 50, |random| {
                list(random, 2, |random| map(random, &[("type", 95, word), ("status", 80, word)]))
            }),
        ],
    )
}

fn anything(random: &mut Random) -> Value {
    match random.below(9) {
        0 => Value::NULL,
        1 => number(random),
        2 => word(random),
        3 => words(random),
        4 => Value::empty_map(),
        5 => Vec::new().into(),
        _ => map(random, &[("a", 40, anything), ("b", 40, anything), ("c", 30, word)]),
    }
}

/// An object of the kind; sometimes not a valid one.
pub(crate) fn object(random: &mut Random, gvk: &Gvk) -> Value {
    let mut out = Map::new();
    out.insert("apiVersion", gvk.api_version());
    out.insert("kind", gvk.kind.as_str());
    out.insert("metadata", metadata(random));
    let (spec, kind): (Maker, _) = match gvk.kind.as_str() {
        "Deployment" => (deployment, "spec"),
        "Service" => (service, "spec"),
        "Pod" => (pod_spec, "spec"),
        "ConfigMap" => (texts, "data"),
        _ => (anything, "spec"),
    };
    if random.chance(95) {
        out.insert(kind, spec(random));
    }
    if kind != "data" && random.chance(20) {
        let status = if gvk.kind == "Service" {
            map(random, &[("conditions", 50, |_| Vec::new().into())])
        } else {
            status(random)
        };
        out.insert("status", status);
    }
    let mut object = Value::from(out);
    if random.chance(10) {
        let text = goyaml::json::to_string(&object);
        object.set_at(&["metadata", "annotations"], Value::empty_map());
        object.set_at(&["metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"], text);
    }
    object
}

/// The live object with some parts taken from another one, some taken out and, at times, other `managedFields`.
pub(crate) fn mutate(random: &mut Random, gvk: &Gvk, live: &Value) -> Value {
    let other = object(random, gvk);
    let mut out = mixed(random, live, &other);
    for key in ["apiVersion", "kind"] {
        out.set_at(&[key], live.get(key).cloned().unwrap_or_default());
    }
    let managed = ["metadata", "managedFields"];
    let entries = match random.below(30) {
        0 => Some(Value::from(Vec::new())),
        1 => Some(json("[{}]")),
        2 => {
            out.remove_at(&managed);
            None
        }
        3 => Some(json("[{\"operation\":\"Apply\",\"apiVersion\":\"v1\"}]")),
        4 => Some(json(OLDER)),
        _ => live.at(&managed).cloned(),
    };
    if let Some(entries) = entries {
        out.set_at(&managed, entries);
    }
    out
}

/// Entries as a client may write them: another version, no time, sets that the schema calls atomic now.
const OLDER: &str = r#"[
  {"manager":"alice","operation":"Apply","apiVersion":"old.example/v1beta1","time":"2019-12-01T00:00:00Z","fieldsType":"FieldsV1",
   "fieldsV1":{"f:spec":{".":{},"f:replicas":{},"f:selector":{"f:matchLabels":{"f:a":{}}},"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"app\"}":{".":{},"f:image":{}}}}}},"f:data":{"f:a":{}}}},
  {"manager":"old","operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:labels":{"f:a":{},"f:b":{}}},"x:new":{}}}]"#;

fn mixed(random: &mut Random, live: &Value, other: &Value) -> Value {
    let (Some(left), Some(right)) = (live.as_map(), other.as_map()) else {
        return if random.chance(50) { live.clone() } else { other.clone() };
    };
    let mut out = left.clone();
    out.retain(|_, _| !random.chance(8));
    for (key, value) in right.iter() {
        match random.below(4) {
            0 => {}
            1 => drop(out.insert(key, value.clone())),
            _ => {
                let merged = out.get(key).map_or_else(|| value.clone(), |present| mixed(random, present, value));
                out.insert(key, merged);
            }
        }
    }
    out.into()
}
