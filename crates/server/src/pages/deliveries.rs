//! All deliveries: filtered, sorted and paged here, not in the browser.

use std::cmp::Reverse;
use std::fmt::Write as _;

use engine::DeliveryState;
use maud::{Markup, html};

use super::layout::{Page, Section, badge};
use crate::links::encode;
use crate::view::View;
use crate::words::{self, Tone};
use crate::{links, time};

/// Deliveries on a page.
const PAGE: usize = 50;
/// Longest text that is searched for.
const LONGEST_TEXT: usize = 200;
const TONES: [Tone; 5] = [Tone::Attention, Tone::Busy, Tone::Waiting, Tone::Off, Tone::Good];
const SORTS: [(&str, &str); 3] = [("", "Name"), ("standing", "Worst first"), ("changed", "Last change")];

/// Which deliveries are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Part of the name, folder or state, in small letters.
    text: String,
    /// How they stand.
    tone: Option<Tone>,
    /// One of [`SORTS`].
    sort: &'static str,
    /// From 1.
    page: usize,
}

impl Filter {
    /// Reads a query; what it does not know is left out.
    pub(crate) fn read(query: &[(String, String)]) -> Self {
        let value =
            |wanted: &str| query.iter().find(|(name, _)| name == wanted).map_or("", |(_, value)| value.as_str());
        Self {
            text: value("q").trim().to_lowercase().chars().take(LONGEST_TEXT).collect(),
            tone: TONES.into_iter().find(|tone| tone.class() == value("state")),
            sort: SORTS.iter().find(|(sort, _)| *sort == value("sort")).map_or("", |(sort, _)| sort),
            page: value("page").parse().unwrap_or(1).max(1),
        }
    }

    fn link(&self, page: usize) -> String {
        let state = self.tone.map_or("", Tone::class);
        let pairs = [("q", encode(&self.text)), ("state", state.to_owned()), ("sort", self.sort.to_owned())];
        let mut link = format!("/deliveries?page={page}");
        for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
            // Writing to a String cannot fail.
            let _ = write!(link, "&{name}={value}");
        }
        link
    }

    fn shows(&self, delivery: &DeliveryState) -> bool {
        if self.tone.is_some_and(|tone| words::tone(delivery) != tone) {
            return false;
        }
        let has = |field: &str| field.to_lowercase().contains(&self.text);
        self.text.is_empty() || has(&delivery.name.to_string()) || has(&delivery.path) || has(&words::short(delivery))
    }

    fn apply<'a>(&self, view: &View<'a>) -> Vec<&'a DeliveryState> {
        let mut all: Vec<_> =
            view.state.deliveries.values().map(|delivery| &**delivery).filter(|one| self.shows(one)).collect();
        match self.sort {
            "standing" => all.sort_by_key(|delivery| words::tone(delivery)),
            "changed" => all.sort_by_key(|delivery| Reverse(delivery.since)),
            _ => {}
        }
        all
    }
}

/// The page.
pub(crate) fn page(view: &View, filter: &Filter) -> Page {
    let found = filter.apply(view);
    let pages = found.len().div_ceil(PAGE).max(1);
    let page = filter.page.min(pages);
    let shown: Vec<_> = found.iter().copied().skip((page - 1) * PAGE).take(PAGE).collect();
    let body = html! {
        section #title { h1 { "Kustomizations" } }
        section #filter { (form(filter)) }
        section #list .card {
            p .quiet role="status" { (count(view, &found, page)) }
            @if shown.is_empty() { p { "No Kustomization fits. " a href="/deliveries" { "Show all" } } }
            @else { (table(view, &shown)) }
            (pager(filter, page, pages))
        }
    };
    Page { title: "Kustomizations".into(), section: Section::Deliveries, body }
}

fn count(view: &View, found: &[&DeliveryState], page: usize) -> String {
    let all = view.state.deliveries.len();
    let (first, last) = ((page - 1) * PAGE + 1, found.len().min(page * PAGE));
    match found.len() {
        0 => format!("0 of {all}"),
        number if number == all => format!("{first} to {last} of {all}"),
        number => format!("{first} to {last} of {number} that fit, {all} in all"),
    }
}

fn form(filter: &Filter) -> Markup {
    html! {
        form .filter method="get" action="/deliveries" role="search" {
            label { span { "Name, folder or state" } input type="search" name="q" value=(filter.text) maxlength=(LONGEST_TEXT); } " "
            label { span { "State" }
                select name="state" {
                    option value="" { "Any" }
                    @for tone in TONES { option value=(tone.class()) selected[filter.tone == Some(tone)] { (tone.word()) } }
                }
            } " "
            label { span { "Sorted by" }
                select name="sort" {
                    @for (sort, word) in SORTS { option value=(sort) selected[filter.sort == sort] { (word) } }
                }
            } " "
            button type="submit" { "Show" }
        }
    }
}

fn pager(filter: &Filter, page: usize, pages: usize) -> Markup {
    html! {
        @if pages > 1 {
            nav .pager aria-label="Further pages" {
                @if page > 1 { a href=(filter.link(page - 1)) rel="prev" { "Previous" } " " }
                span { "Page " (page) " of " (pages) }
                @if page < pages { " " a href=(filter.link(page + 1)) rel="next" { "Next" } }
            }
        }
    }
}

/// A table of deliveries.
pub(crate) fn table(view: &View, deliveries: &[&DeliveryState]) -> Markup {
    html! {
        table .deliveries {
            thead { tr { th scope="col" { "Name" } th scope="col" { "State" } th scope="col" { "Objects" } th scope="col" { "Revision" } th scope="col" { "Last change" } } }
            tbody { @for delivery in deliveries { (row(view, delivery)) } }
        }
    }
}

fn row(view: &View, delivery: &DeliveryState) -> Markup {
    let tone = words::tone(delivery);
    let short = words::short(delivery);
    html! {
        tr {
            th scope="row" {
                a href=(links::delivery(&delivery.name)) { (delivery.name.name) }
                " " span .quiet { (delivery.path) }
            }
            td data-label="State" {
                (badge(tone, tone.word()))
                @if !short.eq_ignore_ascii_case(tone.word()) { " " span .quiet { (short) } }
            }
            td data-label="Objects" { (health(delivery)) }
            td data-label="Revision" {
                @if let Some(applied) = &delivery.applied { code title=(applied) { (words::revision(applied)) } } @else { "–" }
            }
            td data-label="Last change" { (time::ago(view.now, delivery.since)) }
        }
    }
}

/// Counts of health, coloured.
pub(crate) fn health(delivery: &DeliveryState) -> Markup {
    let counts = words::health(delivery.health);
    html! {
        @if counts.is_empty() { "–" }
        @for (place, (tone, words)) in counts.iter().enumerate() {
            @if place > 0 { ", " }
            span .{ "count " (tone.class()) } { (words) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn check(query: &[(&str, &str)], expect: &[&str]) {
        let state = sample::state();
        let view = View { state: &state, now: sample::now(), form: "", drawings: true };
        let query: Vec<_> = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let names: Vec<&str> = Filter::read(&query).apply(&view).iter().map(|delivery| &*delivery.name.name).collect();
        assert_eq!(names, expect, "{query:?}");
    }

    #[test]
    fn filter_and_sort() {
        check(&[], &["databases", "infrastructure", "library", "notebooks", "sandbox", "search"]);
        check(&[("q", "NOTE")], &["notebooks"]);
        check(&[("state", "attention")], &["notebooks", "search"]);
        check(&[("state", "off")], &["sandbox"]);
        check(&[("q", "nothing like it")], &[]);
        check(&[("sort", "standing"), ("state", "nonsense"), ("q", "se")], &["search", "databases"]);
    }

    #[test]
    fn pages_have_fifty_rows() {
        let state = sample::many(95);
        let view = View { state: &state, now: sample::now(), form: "", drawings: true };
        for (number, rows) in [(1, 50), (2, 50), (3, 1), (9, 1)] {
            let filter = Filter { page: number, ..Filter::default() };
            assert_eq!(page(&view, &filter).body.into_string().matches("<th scope=\"row\">").count(), rows);
        }
    }

    #[test]
    fn links_keep_the_filter() {
        let filter = Filter { text: "a&b".into(), tone: Some(Tone::Off), sort: "changed", page: 2 };
        assert_eq!(filter.link(3), "/deliveries?page=3&q=a%26b&state=off&sort=changed");
    }
}
