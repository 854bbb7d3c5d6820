//! Pages that say why there is no page, and what to do.

use axum::response::{Html, IntoResponse, Response};
use engine::Name;
use http::StatusCode;
use maud::{Markup, html};

use super::layout::{Page, Section};
use crate::live::LiveError;

/// Why there is no page.
pub(crate) struct Trouble {
    status: StatusCode,
    title: &'static str,
    text: String,
    remedy: Markup,
}

/// The answer.
pub(crate) fn answer(trouble: &Trouble) -> Response {
    let body = html! {
        section #trouble .card {
            h1 { (trouble.title) }
            p { (trouble.text) }
            p .hint { (trouble.remedy) }
        }
    };
    let page = Page { title: trouble.title.to_owned(), section: Section::None, body };
    (trouble.status, Html(page.whole().into_string())).into_response()
}

impl Trouble {
    /// The request was for another host's name.
    pub(crate) fn strange_host(host: &str) -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            title: "Not under this name",
            text: format!(
                "These pages answer only to names of this machine, not to “{host}”. This keeps other web sites from reading them."
            ),
            remedy: html! { "Open the address that Setpoint printed when it started; it begins with " code { "http://127.0.0.1" } "." },
        }
    }

    /// No session.
    pub(crate) fn not_logged_in() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            title: "Please open the printed address",
            text: "Setpoint prints the address of these pages, with a token in it, each time it starts. \
                   This browser has not opened that address since the last start."
                .into(),
            remedy: html! {
                "Look for the line that begins with " code { "page:" } " in the terminal and open its address. "
                "If you came from there just now, " a href="/" { "try again" } "."
            },
        }
    }

    /// The token is of another run or mistyped.
    pub(crate) fn wrong_token() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            title: "The token is not valid",
            text: "The address holds a token that this Setpoint did not print. Each start makes a new one.".into(),
            remedy: html! { "Open the newest address: the line that begins with " code { "page:" } " in the terminal." },
        }
    }

    /// A form of another site, or of an earlier run.
    pub(crate) fn foreign_form() -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            title: "The button was not accepted",
            text: "The request did not come from a page of this run of Setpoint. Nothing was changed.".into(),
            remedy: html! { "Go to the " a href="/" { "overview" } ", reload the page and press the button again." },
        }
    }

    /// No such address.
    pub(crate) fn no_page(path: &str) -> Self {
        let shown: String = path.chars().take(200).collect();
        Self {
            status: StatusCode::NOT_FOUND,
            title: "There is nothing here",
            text: format!("There is no page at {shown}."),
            remedy: html! { "The " a href="/" { "overview" } " leads to everything that Setpoint holds." },
        }
    }

    /// No such delivery or source.
    pub(crate) fn not_known(kind: &str, name: &Name) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            title: "Setpoint does not know this",
            text: format!("There is no {kind} {name}. It may have been deleted or renamed in Git."),
            remedy: html! { "See the " a href="/" { "overview" } " or " a href="/deliveries" { "all Kustomizations" } "." },
        }
    }

    /// The address of an object does not name one.
    pub(crate) fn no_object(name: &str) -> Self {
        let shown: String = name.chars().take(200).collect();
        Self {
            status: StatusCode::NOT_FOUND,
            title: "There is no such object",
            text: format!("The address does not name an object of a cluster: {shown}."),
            remedy: html! { "Objects are linked from the page of their " a href="/deliveries" { "Kustomization" } "." },
        }
    }

    /// The object is neither held nor on the cluster.
    pub(crate) fn object_missing(what: &str) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            title: "There is no such object",
            text: format!("{what} is not on the cluster, and no Kustomization asks for it."),
            remedy: html! { "Objects are linked from the page of their " a href="/deliveries" { "Kustomization" } "." },
        }
    }

    /// A page was asked for in a way that it does not know.
    pub(crate) fn wrong_method() -> Self {
        Self {
            status: StatusCode::METHOD_NOT_ALLOWED,
            title: "Not this way",
            text: "This address cannot be used in this way.".into(),
            remedy: html! { "Go back to the " a href="/" { "overview" } "." },
        }
    }

    /// A button could not be carried out.
    pub(crate) fn not_done(name: &Name, error: &LiveError) -> Self {
        Self {
            status: StatusCode::BAD_GATEWAY,
            title: "That did not work",
            text: format!("{name} was not changed: {error}."),
            remedy: html! { "Check that the cluster can be reached and that you may change the object, then go back and try again." },
        }
    }
}
