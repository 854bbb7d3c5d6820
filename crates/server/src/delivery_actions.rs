//! The buttons of deliveries and sources: reconcile, suspend, resume.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use engine::{Name, SourceKind, SourceName};
use jiff::Timestamp;
use maud::{Markup, html};

use crate::links;
use crate::live::{Action, Target};
use crate::pages::trouble::{self, Trouble};
use crate::router::App;
use crate::view::View;

impl Action {
    fn read(text: &str) -> Option<Self> {
        [Self::Reconcile, Self::Suspend, Self::Resume].into_iter().find(|action| action.word() == text)
    }

    fn word(self) -> &'static str {
        match self {
            Self::Reconcile => "reconcile",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
        }
    }

    fn label(self, target: Target) -> &'static str {
        match (self, target) {
            (Self::Reconcile, Target::Delivery) => "Apply now",
            (Self::Reconcile, Target::Source(_)) => "Fetch now",
            (Self::Suspend, _) => "Suspend",
            (Self::Resume, _) => "Resume",
        }
    }

    fn title(self, target: Target) -> &'static str {
        match (self, target) {
            (Self::Reconcile, Target::Delivery) => {
                "Compare with the cluster and apply now, without waiting for the next round"
            }
            (Self::Reconcile, Target::Source(SourceKind::GitRepository)) => {
                "Ask the Git repository for new commits now"
            }
            (Self::Reconcile, Target::Source(_)) => "Look for something new now",
            (Self::Suspend, Target::Delivery) => "Leave the objects alone until it is resumed; nothing is deleted",
            (Self::Suspend, Target::Source(_)) => "Fetch nothing new until it is resumed",
            (Self::Resume, _) => "Go on",
        }
    }
}

/// The buttons that make sense now.
pub(crate) fn buttons(view: &View, target: Target, page: &str, suspended: bool) -> Markup {
    let actions = if suspended { &[Action::Resume][..] } else { &[Action::Reconcile, Action::Suspend] };
    html! {
        div .actions {
            @for action in actions {
                form method="post" action={ (page) "/" (action.word()) } {
                    input type="hidden" name="form" value=(view.form);
                    button type="submit" title=(action.title(target)) { (action.label(target)) }
                }
            }
        }
    }
}

/// What to say after a button was pressed.
pub(crate) fn done(query: &[(String, String)]) -> Option<&'static str> {
    let (_, action) = query.iter().find(|(name, _)| name == "done")?;
    Some(match Action::read(action)? {
        Action::Reconcile => "Asked for. The page changes as soon as something happens.",
        Action::Suspend => "Suspended. Nothing on the cluster was changed or deleted.",
        Action::Resume => "Resumed.",
    })
}

/// `POST /deliveries/{namespace}/{name}/{action}`
pub(crate) async fn on_delivery(
    State(app): State<Arc<App>>,
    Path((namespace, name, action)): Path<(String, String, String)>,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    let name = Name::new(&namespace, &name);
    let known = app.state.borrow().deliveries.contains_key(&name);
    press(&app, Press { target: Target::Delivery, page: links::delivery(&name), name, known, action }, &form).await
}

/// `POST /sources/{kind}/{namespace}/{name}/{action}`
pub(crate) async fn on_source(
    State(app): State<Arc<App>>,
    Path((kind, namespace, name, action)): Path<(String, String, String, String)>,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    let Some(kind) = SourceKind::parse(&kind) else { return trouble::answer(&Trouble::no_page(&kind)) };
    let source = SourceName::new(kind, &namespace, &name);
    let known = app.state.borrow().sources.contains_key(&source);
    let (page, name) = (links::source(&source), source.plain());
    press(&app, Press { target: Target::Source(kind), page, name, known, action }, &form).await
}

/// A button that was pressed.
struct Press {
    target: Target,
    page: String,
    name: Name,
    known: bool,
    action: String,
}

async fn press(app: &App, press: Press, form: &[(String, String)]) -> Response {
    let token = form.iter().find(|(name, _)| name == "form").map_or("", |(_, value)| value);
    if !app.login.is_form(token) {
        return trouble::answer(&Trouble::foreign_form());
    }
    let Some(action) = Action::read(&press.action).filter(|_| press.known) else {
        return trouble::answer(&Trouble::no_page(&format!("{}/{}", press.page, press.action)));
    };
    match app.live.act(press.target, &press.name, action, &Timestamp::now().to_string()).await {
        Ok(()) => Redirect::to(&format!("{}?done={}", press.page, action.word())).into_response(),
        Err(error) => trouble::answer(&Trouble::not_done(&press.name, &error)),
    }
}
