//! What all pages have: head, navigation, foot; and the small parts they share.

use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use crate::assets;
use crate::words::Tone;

/// A page: its sections are what the script freshens, so that each has an id.
pub(crate) struct Page {
    /// Title of the window.
    pub(crate) title: String,
    /// Which entry of the navigation it belongs to.
    pub(crate) section: Section,
    /// Sections.
    pub(crate) body: Markup,
}

/// Entries of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Overview,
    Deliveries,
    None,
}

impl Page {
    /// The answer: the whole page, or only what changes in it.
    pub(crate) fn answer(&self, fragment: bool) -> Response {
        let markup = if fragment { self.fragment() } else { self.whole() };
        Html(markup.into_string()).into_response()
    }

    fn fragment(&self) -> Markup {
        html! { title { (self.title) " – Setpoint" } main #main tabindex="-1" { (self.body) } }
    }

    /// The whole page.
    pub(crate) fn whole(&self) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    title { (self.title) " – Setpoint" }
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    link rel="icon" type="image/svg+xml" href=(assets::ICON.path);
                    link rel="stylesheet" href=(assets::STYLE.path);
                    @if self.section != Section::None { script src=(assets::SCRIPT.path) defer {} }
                }
                body {
                    (head(self.section))
                    main #main tabindex="-1" { (self.body) }
                    footer {
                        "Setpoint " (env!("CARGO_PKG_VERSION")) " holds a cluster to what Git says. "
                        "The same state as JSON: " a href="/api/v1/state" { "/api/v1/state" }
                    }
                }
            }
        }
    }
}

fn head(section: Section) -> Markup {
    let here = |entry| (section == entry).then_some("page");
    html! {
        p .skip { a href="#main" { "Skip to the content" } }
        header {
            p .brand { a href="/" { img src=(assets::ICON.path) alt="" width="24" height="24"; "Setpoint" } }
            nav aria-label="Pages" {
                ul {
                    li { a href="/" aria-current=[here(Section::Overview)] { "Overview" } }
                    li { a href="/deliveries" aria-current=[here(Section::Deliveries)] { "Kustomizations" } }
                }
            }
            span #live .live hidden role="status" {}
        }
    }
}

/// A coloured word. Colour never says more than the word.
pub(crate) fn badge(tone: Tone, word: &str) -> Markup {
    html! { span .{ "badge " (tone.class()) } { (word) } }
}

/// The way back.
pub(crate) fn trail(steps: &[(&str, &str)], here: &str) -> Markup {
    html! {
        nav .trail aria-label="Where you are" {
            p {
                @for (word, link) in steps { a href=(link) { (word) } " / " }
                span aria-current="page" { (here) }
            }
        }
    }
}

/// What happened after a button was pressed.
pub(crate) fn notice(text: Option<&str>) -> Markup {
    html! { @if let Some(text) = text { p .notice role="status" { (text) } } }
}

/// One line of a list of facts.
pub(crate) fn fact(name: &str, value: &Markup) -> Markup {
    html! { div { dt { (name) } " " dd { (value) } } }
}
