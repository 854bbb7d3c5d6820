//! Fields in the form that Helm writes: `Chart.yaml` of a packed chart, release records.

use goyaml::{Map, Value};

use super::{Dependency, Maintainer, Metadata};

impl Metadata {
    /// The fields that are not empty, in Helm's order.
    pub fn to_value(&self) -> Value {
        let mut map = Map::new();
        put(&mut map, "name", &self.name);
        put(&mut map, "home", &self.home);
        put_all(&mut map, "sources", texts(&self.sources));
        put(&mut map, "version", &self.version);
        put(&mut map, "description", &self.description);
        put_all(&mut map, "keywords", texts(&self.keywords));
        put_all(&mut map, "maintainers", self.maintainers.iter().map(maintainer).collect());
        put(&mut map, "icon", &self.icon);
        put(&mut map, "apiVersion", &self.api_version);
        put(&mut map, "condition", &self.condition);
        put(&mut map, "tags", &self.tags);
        put(&mut map, "appVersion", &self.app_version);
        if self.deprecated {
            map.insert("deprecated", true);
        }
        if !self.annotations.is_empty() {
            let annotations = self.annotations.iter().map(|(key, text)| (key.as_str(), text.as_str()));
            map.insert("annotations", annotations.collect::<Value>());
        }
        put(&mut map, "kubeVersion", &self.kube_version);
        put_all(&mut map, "dependencies", self.dependencies.iter().map(Dependency::to_value).collect());
        put(&mut map, "type", &self.chart_type);
        map.into()
    }
}

impl Dependency {
    /// The fields that are not empty, and `name` and `repository`, in Helm's order.
    pub fn to_value(&self) -> Value {
        let mut map = Map::new();
        map.insert("name", self.name.as_str());
        put(&mut map, "version", &self.version);
        map.insert("repository", self.repository.as_str());
        put(&mut map, "condition", &self.condition);
        put_all(&mut map, "tags", texts(&self.tags));
        if self.enabled {
            map.insert("enabled", true);
        }
        put_all(&mut map, "import-values", self.import_values.clone());
        put(&mut map, "alias", &self.alias);
        map.into()
    }
}

fn maintainer(maintainer: &Maintainer) -> Value {
    let mut map = Map::new();
    put(&mut map, "name", &maintainer.name);
    put(&mut map, "email", &maintainer.email);
    put(&mut map, "url", &maintainer.url);
    map.into()
}

fn put(map: &mut Map, key: &str, text: &str) {
    if !text.is_empty() {
        map.insert(key, text);
    }
}

fn put_all(map: &mut Map, key: &str, items: Vec<Value>) {
    if !items.is_empty() {
        map.insert(key, items);
    }
}

fn texts(items: &[String]) -> Vec<Value> {
    items.iter().map(|text| text.as_str().into()).collect()
}
