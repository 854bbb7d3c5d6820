//! What spans several actions: files, definitions, `if`, `with`, `range`, and the lists of items within them.

use std::mem;
use std::sync::Arc;

use super::ast::{Branch, Call, Item, PipeAt, Pos, Seq, index};
use super::lex::{Kind, Token};
use super::parse::{Frame, Outcome, Parser, close};

/// What ends a list of items.
enum Ending {
    End,
    Else,
}

impl Ending {
    fn shown(&self) -> &'static str {
        match self {
            Self::End => "{{end}}",
            Self::Else => "{{else}}",
        }
    }
}

enum Step {
    Item(Item),
    Ending(Ending),
}

impl Parser<'_> {
    /// The whole text: like a list of items that is ended by nothing, with definitions in it.
    pub(super) fn file(&mut self) -> Outcome<()> {
        loop {
            let token = self.peek();
            if token.kind == Kind::Eof {
                break;
            }
            if token.kind == Kind::LeftDelim {
                let here = self.here();
                self.next();
                if self.next().kind == Kind::Define {
                    self.definition()?;
                    continue;
                }
                self.back_to(here);
            }
            match self.text_or_action()? {
                Step::Item(item) => self.open.items.push(item),
                Step::Ending(ending) => return self.fail(format!("unexpected {}", ending.shown())),
            }
        }
        let root = close(&mut self.open.items, 0, &mut self.nodes.items);
        self.keep(Arc::clone(self.name), root)
    }

    fn definition(&mut self) -> Outcome<()> {
        let outer = mem::replace(&mut self.frame, Frame::new());
        let token = self.next();
        let name = self.template_name(token, "define clause")?;
        self.expect(Kind::RightDelim, "define clause")?;
        self.body(name, "define clause")?;
        self.frame = outer;
        Ok(())
    }

    fn body(&mut self, name: Arc<str>, context: &str) -> Outcome<()> {
        let (root, ending) = self.items()?;
        if let Ending::Else = ending {
            return self.fail(format!("unexpected {} in {context}", ending.shown()));
        }
        self.keep(name, root)
    }

    fn template_name(&mut self, token: Token, context: &str) -> Outcome<Arc<str>> {
        if !matches!(token.kind, Kind::String | Kind::RawString) {
            return self.unexpected(token, context);
        }
        Ok(String::from_utf8_lossy(&self.unquoted(token)?).into())
    }

    fn items(&mut self) -> Outcome<(Seq, Ending)> {
        self.enter("blocks are nested too deeply")?;
        let from = self.open.items.len();
        while self.peek().kind != Kind::Eof {
            match self.text_or_action()? {
                Step::Item(item) => self.open.items.push(item),
                Step::Ending(ending) => {
                    self.nesting -= 1;
                    let items = close(&mut self.open.items, from, &mut self.nodes.items);
                    return Ok((items, ending));
                }
            }
        }
        self.fail("unexpected EOF")
    }

    fn text_or_action(&mut self) -> Outcome<Step> {
        let token = self.next();
        match token.kind {
            Kind::Text => Ok(Step::Item(Item::Text(token.span()))),
            Kind::LeftDelim => {
                self.frame.action = Some(token.start);
                let step = self.action()?;
                self.frame.action = None;
                Ok(step)
            }
            _ => self.unexpected(token, "input"),
        }
    }

    fn action(&mut self) -> Outcome<Step> {
        let token = self.next();
        let item = match token.kind {
            Kind::Block => self.block()?,
            Kind::Break => self.jump(Item::Break, "{{break}}")?,
            Kind::Continue => self.jump(Item::Continue, "{{continue}}")?,
            Kind::Else => return self.otherwise(),
            Kind::End => {
                self.expect(Kind::RightDelim, "end")?;
                return Ok(Step::Ending(Ending::End));
            }
            Kind::If => Item::If(self.branch("if")?),
            Kind::Range => Item::Range(self.branch("range")?),
            Kind::With => Item::With(self.branch("with")?),
            Kind::Template => self.template()?,
            _ => {
                self.backup();
                let pos = self.peek().start;
                Item::Action(pos, self.pipeline("command", Kind::RightDelim)?)
            }
        };
        Ok(Step::Item(item))
    }

    fn jump(&mut self, item: Item, shown: &str) -> Outcome<Item> {
        self.expect(Kind::RightDelim, shown)?;
        if self.frame.ranges == 0 {
            return self.fail(format!("{shown} outside {{{{range}}}}"));
        }
        Ok(item)
    }

    fn otherwise(&mut self) -> Outcome<Step> {
        if !matches!(self.peek().kind, Kind::If | Kind::With) {
            self.expect(Kind::RightDelim, "else")?;
        }
        Ok(Step::Ending(Ending::Else))
    }

    fn branch(&mut self, context: &str) -> Outcome<Branch> {
        let variables = self.frame.variables.len();
        let pipe = self.pipeline(context, Kind::RightDelim)?;
        let ranges = u32::from(context == "range");
        self.frame.ranges += ranges;
        let (list, ending) = self.items()?;
        self.frame.ranges -= ranges;
        let other = match ending {
            Ending::End => None,
            Ending::Else => Some(self.other(context)?),
        };
        self.frame.variables.truncate(variables);
        Ok(Branch { pipe, list, other })
    }

    /// `else`, or `else if` and `else with`, which share one `end` with what is before them.
    fn other(&mut self, context: &str) -> Outcome<Seq> {
        let next = self.peek().kind;
        if context == "if" && next == Kind::If || context == "with" && next == Kind::With {
            self.next();
            self.enter("blocks are nested too deeply")?;
            let branch = self.branch(context)?;
            self.nesting -= 1;
            let from = self.open.items.len();
            self.open.items.push(if context == "if" { Item::If(branch) } else { Item::With(branch) });
            return Ok(close(&mut self.open.items, from, &mut self.nodes.items));
        }
        let (items, ending) = self.items()?;
        match ending {
            Ending::End => Ok(items),
            Ending::Else => self.fail(format!("expected end; found {}", ending.shown())),
        }
    }

    fn block(&mut self) -> Outcome<Item> {
        let token = self.next();
        let name = self.template_name(token, "block clause")?;
        let pipe = self.pipeline("block clause", Kind::RightDelim)?;
        let outer = mem::replace(&mut self.frame, Frame::new());
        self.body(name.clone(), "block clause")?;
        self.frame = outer;
        Ok(self.call(token.start, name, Some(pipe)))
    }

    fn template(&mut self) -> Outcome<Item> {
        let token = self.next();
        let name = self.template_name(token, "template clause")?;
        let mut pipe = None;
        if self.next().kind != Kind::RightDelim {
            self.backup();
            pipe = Some(self.pipeline("template clause", Kind::RightDelim)?);
        }
        Ok(self.call(token.start, name, pipe))
    }

    fn call(&mut self, pos: Pos, name: Arc<str>, pipe: Option<PipeAt>) -> Item {
        self.nodes.calls.push(Call { pos, name, pipe });
        Item::Template(index(self.nodes.calls.len() - 1))
    }
}
