//! Lists in a strategic merge patch: merged by key, then put in order.

use goyaml::{Kind, Map, Value};

use super::lookup::{self, ListField};
use super::{
    BAD_ORDER, Merge, Outcome, PATCH, SET_ORDER, StrategicError, bad_patch_type, bad_type, directive_target, type_of,
    without_directives,
};
use crate::go_text;
use crate::schema::TypeId;

const MAP: &str = "map[string]interface {}";
const LIST: &str = "[]interface {}";

impl Merge<'_> {
    /// Merges the lists for which the patch gives an order, and takes them out of the patch.
    pub(super) fn ordered_lists(&self, original: &mut Map, patch: &mut Map, of: TypeId) -> Outcome<()> {
        let directives: Vec<String> =
            patch.keys().map(|key| key.as_str().to_owned()).filter(|key| key.starts_with(SET_ORDER)).collect();
        for directive in directives {
            let order = patch.remove(&directive).unwrap_or_default();
            let order = order.as_list().ok_or_else(|| bad_type(LIST, &order))?;
            let key = directive_target(&directive, SET_ORDER, BAD_ORDER)?;
            let items = |map: &Map| match map.get(key) {
                None => Ok(None),
                Some(value) => value.as_list().map(<[Value]>::to_vec).map(Some).ok_or_else(|| bad_type(LIST, value)),
            };
            let (live, wanted) = (items(original)?, items(patch)?);
            let field = lookup::list(self.schema, of, key)?;
            check_order(wanted.as_deref(), order, &field)?;
            let merged = match (&live, &wanted) {
                (None, None) => continue,
                (Some(live), None) => live.clone(),
                (None, Some(wanted)) => wanted.iter().filter_map(without_directives).collect(),
                (Some(live), Some(wanted)) if field.rule.merge => self.merge_lists(live, wanted, &field, false)?,
                (Some(_), Some(wanted)) => wanted.clone(),
            };
            let (live, wanted) = (live.unwrap_or_default(), wanted.unwrap_or_default());
            let arranged = Arrangement { key: field.key().map(AsRef::as_ref), maps: holds_maps(&[&live, &wanted])? }
                .arrange(merged, order, &live)?;
            original.insert(key, arranged);
            patch.remove(key);
        }
        Ok(())
    }

    pub(super) fn merge_lists(
        &self,
        live: &[Value],
        patch: &[Value],
        field: &ListField,
        deletes: bool,
    ) -> Outcome<Vec<Value>> {
        if live.is_empty() && patch.is_empty() {
            return Ok(Vec::new());
        }
        let maps = holds_maps(&[live, patch])?;
        if !maps && deletes {
            return Ok(live.iter().filter(|item| !patch.contains(item)).cloned().collect());
        }
        let arrangement = Arrangement { key: field.key().map(AsRef::as_ref), maps };
        if !maps {
            let merged = without_duplicates(live.iter().chain(patch).cloned().collect());
            return arrangement.arrange(merged, patch, live);
        }
        let Some(key) = field.key() else {
            let kind = lookup::kind(self.schema, field.element);
            return Err(StrategicError::Other(format!("cannot merge lists without merge key for {kind}")));
        };
        let (live, patch) = special_items(live, patch, key)?;
        let merged = self.merge_items(live.clone(), &patch, key, field.element)?;
        arrangement.arrange(merged, &patch, &live)
    }

    fn merge_items(&self, mut items: Vec<Value>, patch: &[Value], key: &str, element: TypeId) -> Outcome<Vec<Value>> {
        for change in patch {
            let wanted = merge_key(change, key)?;
            match find(&items, key, wanted)? {
                None => items.push(change.clone()),
                Some(index) => {
                    let (Some(present), Some(change)) = (items[index].as_map(), change.as_map()) else {
                        continue;
                    };
                    items[index] = self.map(present.clone(), change.clone(), element)?.into();
                }
            }
        }
        Ok(items)
    }
}

/// Carries out `$patch` items; what is left are the live list and the patch without them.
fn special_items(live: &[Value], patch: &[Value], key: &str) -> Outcome<(Vec<Value>, Vec<Value>)> {
    let mut live = live.to_vec();
    let mut left = Vec::with_capacity(patch.len());
    let mut replace = false;
    for item in patch {
        let map = item.as_map().ok_or_else(|| bad_type(MAP, item))?;
        let Some(directive) = map.get(PATCH) else {
            left.push(item.clone());
            continue;
        };
        match directive.as_str() {
            Some("delete") => {
                let gone = merge_key(item, key)?;
                while let Some(index) = find(&live, key, gone)? {
                    live.remove(index);
                }
            }
            Some("replace") => replace = true,
            Some("merge") => {
                return Err(StrategicError::Other("merging lists cannot yet be specified in the patch".to_owned()));
            }
            _ => return Err(bad_patch_type(directive, map)),
        }
    }
    Ok(if replace { (left, Vec::new()) } else { (live, left) })
}

fn merge_key<'v>(item: &'v Value, key: &str) -> Outcome<&'v Value> {
    let map = item.as_map().ok_or_else(|| bad_type(MAP, item))?;
    map.get(key).ok_or_else(|| {
        StrategicError::Other(format!("map: {} does not contain declared merge key: {key}", go_text::plain(item)))
    })
}

fn find(items: &[Value], key: &str, wanted: &Value) -> Outcome<Option<usize>> {
    for (index, item) in items.iter().enumerate() {
        let map = item.as_map().ok_or_else(|| StrategicError::Other(format!("value for key {index} is not a map")))?;
        if map.get(key) == Some(wanted) {
            return Ok(Some(index));
        }
    }
    Ok(None)
}

/// Whether the items are maps; all must be of one type, and none a list.
fn holds_maps(lists: &[&[Value]]) -> Outcome<bool> {
    let mut items = lists.iter().flat_map(|list| list.iter());
    let Some(first) = items.next() else {
        return Err(StrategicError::Other("no elements in any of the given slices".to_owned()));
    };
    if matches!(first.kind(), Kind::List(_)) {
        return Err(StrategicError::ListOfLists);
    }
    if items.any(|item| type_of(item) != type_of(first)) {
        let printed: Vec<_> = lists.iter().map(|list| go_text::plain(&list.to_vec().into())).collect();
        return Err(StrategicError::Other(format!("list element types are not identical: [{}]", printed.join(" "))));
    }
    Ok(first.as_map().is_some())
}

/// The patch may set only what the order names, in the same order.
fn check_order(patch: Option<&[Value]>, order: &[Value], field: &ListField) -> Outcome<()> {
    let Some(patch) = patch else {
        return Ok(());
    };
    if order.is_empty() || patch.is_empty() {
        return Ok(());
    }
    let key = field.key().map(AsRef::as_ref);
    let deleted = |item: &&Value| key.is_some() && item.str_at(&[PATCH]) == Some("delete");
    if let (Some(_), Some(odd)) = (key, patch.iter().find(|item| item.as_map().is_none())) {
        return Err(bad_type(MAP, odd));
    }
    let mut rest = patch.iter().filter(|item| !deleted(item)).peekable();
    let mut places = order.iter().peekable();
    while let Some(item) = rest.peek() {
        let Some(place) = places.peek() else {
            let (patch, order) = (go_text::plain(&patch.to_vec().into()), go_text::plain(&order.to_vec().into()));
            return Err(StrategicError::Other(format!(
                "The order in patch list:\n{patch}\n doesn't match {SET_ORDER} list:\n{order}\n"
            )));
        };
        if item.get(PATCH).is_some() {
            rest.next();
            continue;
        }
        let same = match key {
            None => item == place,
            Some(key) => merge_key(item, key)? == merge_key(place, key)?,
        };
        places.next();
        if same {
            rest.next();
        }
    }
    Ok(())
}

/// Each scalar once. The last one takes the place of a duplicate, as upstream does it.
fn without_duplicates(mut items: Vec<Value>) -> Vec<Value> {
    let mut kept = 0;
    while kept < items.len() {
        let mut other = kept + 1;
        while other < items.len() {
            if items[kept] == items[other] {
                items.swap_remove(other);
            } else {
                other += 1;
            }
        }
        kept += 1;
    }
    items
}

/// How the items of a merged list are put in order.
struct Arrangement<'a> {
    key: Option<&'a str>,
    maps: bool,
}

impl Arrangement<'_> {
    /// Items that `order` names, in that order, interleaved with the others in the order of the live list.
    fn arrange(&self, items: Vec<Value>, order: &[Value], live: &[Value]) -> Outcome<Vec<Value>> {
        let (mut named, mut others) = (Vec::new(), Vec::new());
        for item in items {
            let found = match self.key {
                None if self.maps => {
                    return Err(StrategicError::Other("maps without a merge key cannot be put in order".to_owned()));
                }
                None => order.contains(&item),
                Some(key) => find(order, key, merge_key(&item, key)?)?.is_some(),
            };
            if found { named.push(item) } else { others.push(item) }
        }
        let named = self.sorted(named, order)?;
        let others = self.sorted(others, live)?;
        Ok(self.interleave(others, named, live))
    }

    fn index(&self, list: &[Value], item: &Value) -> Option<usize> {
        match self.key {
            Some(key) if self.maps => list.iter().position(|other| other.get(key) == item.get(key)),
            _ => list.iter().position(|other| other == item),
        }
    }

    fn sorted(&self, items: Vec<Value>, order: &[Value]) -> Outcome<Vec<Value>> {
        if let (true, Some(key)) = (self.maps, self.key) {
            for item in items.iter().chain(order) {
                merge_key(item, key)?;
            }
        }
        let gone = |item: &Value| self.maps && item.str_at(&[PATCH]) == Some("delete");
        let (deleted, kept): (Vec<_>, Vec<_>) = items.into_iter().partition(gone);
        let mut kept: Vec<(Option<usize>, Value)> =
            kept.into_iter().map(|item| (self.index(order, &item), item)).collect();
        if kept.iter().all(|(place, _)| place.is_some()) {
            kept.sort_by_key(|(place, _)| *place);
        } else {
            insertion_sort(&mut kept);
        }
        Ok(kept.into_iter().map(|(_, item)| item).chain(deleted).collect())
    }

    fn interleave(&self, others: Vec<Value>, named: Vec<Value>, live: &[Value]) -> Vec<Value> {
        let mut out = Vec::with_capacity(others.len() + named.len());
        let (mut others, mut named) = (others.into_iter().peekable(), named.into_iter().peekable());
        while let (Some(other), Some(next)) = (others.peek(), named.peek()) {
            let before = match (self.index(live, other), self.index(live, next)) {
                (Some(other), Some(next)) => other < next,
                _ => false,
            };
            out.extend(if before { others.next() } else { named.next() });
        }
        out.extend(others);
        out.extend(named);
        out
    }
}

/// Items without a place go before everything else, the later the further: what upstream's sort makes of them.
fn insertion_sort(items: &mut [(Option<usize>, Value)]) {
    for start in 1..items.len() {
        for index in (1..=start).rev() {
            let less = match (items[index].0, items[index - 1].0) {
                (Some(left), Some(right)) => left < right,
                _ => true,
            };
            if !less {
                break;
            }
            items.swap(index, index - 1);
        }
    }
}
