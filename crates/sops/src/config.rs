//! `.sops.yaml`: which keys a file is encrypted for, by its path, and how documents are indented.

use goyaml::{Dialect, ParseOptions, Value};

use crate::keys::{KeyGroup, RemoteKind};
use crate::{Branch, Fault, Indents, Item, MasterKey, Rule, Selection, SopsError, pattern};

/// What a file of this name says.
#[derive(Debug, Default)]
pub struct Config {
    rules: Option<Vec<Value>>,
    /// The columns of one level that `stores` asks for.
    pub indents: Indents,
}

/// What the creation rule for a file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreationRule {
    /// The keys.
    pub groups: Vec<KeyGroup>,
    /// How many of several groups are needed; 0 where nothing is said.
    pub threshold: usize,
    /// Which values are encrypted.
    pub selection: Selection,
}

/// Keys of services that cannot be asked yet, and their names in a creation rule.
const REMOTE: [(&str, RemoteKind); 5] = [
    ("kms", RemoteKind::Aws),
    ("gcp_kms", RemoteKind::Gcp),
    ("hckms", RemoteKind::Huawei),
    ("azure_keyvault", RemoteKind::Azure),
    ("hc_vault_transit_uri", RemoteKind::Vault),
];

/// Groups of keys that may stand in each other.
const MAX_MERGE_DEPTH: usize = 16;

impl Config {
    /// Reads the text.
    ///
    /// # Errors
    /// It is not YAML, or `stores` holds no numbers.
    pub fn parse(text: &str) -> Result<Self, SopsError> {
        let options = ParseOptions { dialect: Dialect::V3, ..ParseOptions::default() };
        let parsed = goyaml::parse_first(text, &options).map_err(|errors| {
            let first = errors.first().map(|error| (error.pos.line, error.message.clone())).unwrap_or_default();
            SopsError::at(first.0, Fault::Config(first.1))
        })?;
        let Some(document) = parsed else {
            return Ok(Self::default());
        };
        let indents = indents(&document.value)?;
        let rules = document.value.get("creation_rules").filter(|rules| !rules.is_null());
        let rules = rules.map(|rules| match rules.as_list() {
            Some(list) => Ok(list.to_vec()),
            None => Err(wrong(rules, "creation_rules is not a list")),
        });
        Ok(Self { rules: rules.transpose()?, indents })
    }

    /// The first creation rule that fits a path, which is relative to the folder of the configuration; `None` if there are no
    /// rules at all.
    ///
    /// # Errors
    /// None fits, or the one that does is wrong.
    pub fn rule_for(&self, path: &str) -> Result<Option<CreationRule>, SopsError> {
        let Some(rules) = &self.rules else {
            return Ok(None);
        };
        for rule in rules {
            let fits = match text(rule, "path_regex")? {
                Some(regex) if !regex.is_empty() => pattern::compile("path_regex", &regex)
                    .map_err(|error| SopsError { line: Some(rule.pos().line), ..error })?
                    .is_match(path.as_bytes()),
                _ => true,
            };
            if fits {
                return creation_rule(rule).map(Some);
            }
        }
        Err(Fault::Config(format!("no creation rule fits {path:?}")).into())
    }
}

fn wrong(at: &Value, why: impl Into<String>) -> SopsError {
    SopsError::at(at.pos().line, Fault::Config(why.into()))
}

fn indents(value: &Value) -> Result<Indents, SopsError> {
    let mut indents = Indents::default();
    let of = |name: &str| {
        let Some(set) = value.at(&["stores", name, "indent"]) else {
            return Ok(None);
        };
        let columns = set.as_i64().filter(|columns| (-1..=64).contains(columns));
        columns.map(Some).ok_or_else(|| wrong(set, format!("indent of {name} is not a number of columns")))
    };
    if let Some(columns) = of("yaml")? {
        match usize::try_from(columns) {
            Ok(0) => {}
            Ok(columns) => indents.yaml = columns,
            Err(_) => return Err(Fault::Config("indent of yaml is negative".to_owned()).into()),
        }
    }
    indents.json = of("json")?.and_then(|columns| usize::try_from(columns).ok());
    indents.binary = of("json_binary")?.and_then(|columns| usize::try_from(columns).ok());
    Ok(indents)
}

fn text(rule: &Value, name: &str) -> Result<Option<String>, SopsError> {
    let Some(value) = rule.get(name).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let text = value.as_str().map(str::to_owned);
    text.map(Some).ok_or_else(|| wrong(value, format!("{name} is not a text")))
}

fn creation_rule(rule: &Value) -> Result<CreationRule, SopsError> {
    let threshold = match rule.get("shamir_threshold").filter(|value| !value.is_null()) {
        Some(value) => {
            let number = value.as_i64().and_then(|number| usize::try_from(number).ok());
            number.ok_or_else(|| wrong(value, "shamir_threshold is not a number"))?
        }
        None => 0,
    };
    let groups = match rule.get("key_groups").and_then(Value::as_list).filter(|groups| !groups.is_empty()) {
        Some(groups) => groups.iter().map(|group| key_group(group, 0)).collect::<Result<_, _>>()?,
        None => vec![own_group(rule)?],
    };
    let mac_only_encrypted = rule.get("mac_only_encrypted").and_then(Value::as_bool).unwrap_or(false);
    Ok(CreationRule { groups, threshold, selection: Selection { rule: encryption(rule)?, mac_only_encrypted } })
}

fn encryption(rule: &Value) -> Result<Rule, SopsError> {
    let mut found = None;
    for field in Rule::FIELDS {
        let Some(set) = text(rule, field)?.filter(|set| !set.is_empty()) else {
            continue;
        };
        if found.is_some() {
            return Err(wrong(rule, format!("the rule has more than one of {}", Rule::FIELDS.join(", "))));
        }
        found = Rule::new(field, set);
    }
    Ok(found.unwrap_or_default())
}

/// The keys that a rule without groups names: lists, or texts with commas.
fn own_group(rule: &Value) -> Result<KeyGroup, SopsError> {
    let mut group: KeyGroup = names(rule, "age")?.iter().map(|name| MasterKey::age(name)).collect();
    group.extend(names(rule, "pgp")?.iter().map(|name| MasterKey::pgp(name)));
    for (field, kind) in REMOTE {
        group.extend(names(rule, field)?.iter().map(|name| remote(kind, name)));
    }
    Ok(group)
}

fn remote(kind: RemoteKind, name: &str) -> MasterKey {
    let field = match kind {
        RemoteKind::Aws => "arn",
        RemoteKind::Gcp => "resource_id",
        RemoteKind::Huawei => "key_id",
        RemoteKind::Azure => "vault_url",
        RemoteKind::Vault => "vault_address",
    };
    let fields: Branch = vec![Item::new(field, crate::Value::text(name), 0)];
    MasterKey::Remote { kind, fields }
}

fn names(rule: &Value, field: &str) -> Result<Vec<String>, SopsError> {
    let Some(value) = rule.get(field).filter(|value| !value.is_null()) else {
        return Ok(Vec::new());
    };
    let not_texts = || wrong(value, format!("{field} is neither a text nor a list of texts"));
    let split = |text: &str| {
        text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    if let Some(text) = value.as_str() {
        return Ok(split(text));
    }
    let list = value.as_list().ok_or_else(not_texts)?;
    let mut names = Vec::new();
    for item in list {
        names.extend(split(item.as_str().ok_or_else(not_texts)?));
    }
    Ok(names)
}

/// A group of `key_groups`; `merge` brings others in. Each key counts once.
fn key_group(group: &Value, depth: usize) -> Result<KeyGroup, SopsError> {
    if depth > MAX_MERGE_DEPTH {
        return Err(wrong(group, format!("key groups are merged more than {MAX_MERGE_DEPTH} levels deep")));
    }
    let mut keys = KeyGroup::new();
    for merged in group.get("merge").and_then(Value::as_list).unwrap_or_default() {
        keys.extend(key_group(merged, depth + 1)?);
    }
    keys.extend(names(group, "age")?.iter().map(|name| MasterKey::age(name)));
    keys.extend(names(group, "pgp")?.iter().map(|name| MasterKey::pgp(name)));
    for (field, kind) in REMOTE.into_iter().chain([("hc_vault", RemoteKind::Vault)]) {
        for entry in group.get(field).and_then(Value::as_list).unwrap_or_default() {
            let named = ["arn", "resource_id", "key_id", "vaultUrl"].iter().find_map(|name| entry.get(name)?.as_str());
            keys.push(remote(kind, named.or(entry.as_str()).unwrap_or_default()));
        }
    }
    let mut unique = KeyGroup::new();
    for key in keys {
        if !unique.contains(&key) {
            unique.push(key);
        }
    }
    Ok(unique)
}

#[cfg(test)]
mod tests {
    use super::Config;
    use crate::{MasterKey, Rule};

    #[test]
    fn the_first_rule_that_fits_counts() {
        let text = "creation_rules:\n- path_regex: secrets/.*\\.yaml$\n  encrypted_regex: ^(data|stringData)$\n  age: age1a, age1b\n- pgp: [A B]\n  mac_only_encrypted: true\nstores: {yaml: {indent: 2}}\n";
        let config = Config::parse(text).expect("it is right");
        let rule = config.rule_for("secrets/a.yaml").expect("one fits").expect("there are rules");
        assert_eq!(rule.groups, [vec![MasterKey::age("age1a"), MasterKey::age("age1b")]]);
        assert_eq!(rule.selection.rule, Rule::EncryptedRegex("^(data|stringData)$".into()));
        let rule = config.rule_for("other.yaml").expect("one fits").expect("there are rules");
        assert_eq!(rule.groups, [vec![MasterKey::pgp("AB")]]);
        assert!(rule.selection.mac_only_encrypted);
        assert_eq!(config.indents.yaml, 2);
    }

    #[test]
    fn wrong_configurations_are_refused_with_their_line() {
        let check = |text: &str, line: Option<u32>, told: &str| {
            let error = Config::parse(text).and_then(|config| config.rule_for("x")).expect_err(text);
            assert!(error.line == line && error.to_string().contains(told), "{error:?}");
        };
        check("creation_rules: 1\n", Some(1), "not a list");
        check("creation_rules:\n- path_regex: y\n", None, "no creation rule fits \"x\"");
        check("creation_rules:\n- path_regex: (\n", Some(2), "path_regex");
        check("creation_rules:\n- encrypted_suffix: a\n  encrypted_regex: b\n", Some(2), "more than one");
        check("creation_rules:\n- age: [1]\n", Some(2), "age");
        check("a: [\n", Some(2), "did not find");
    }
}
