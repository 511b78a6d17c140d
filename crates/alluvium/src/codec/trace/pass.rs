//! One attempt at the whole type: where it is, and what it has learned.

use std::cell::{Cell, RefCell};
use std::fmt;

use alluvium_protocol::shape::DEPTH_MAX;

/// Named types around one place. Deeper places are not worth a shape, and endless ones end here.
const ENCLOSING_MAX: usize = DEPTH_MAX;

/// One attempt at the whole type.
#[derive(Debug)]
pub(super) struct Pass {
    /// The named types around the present place, outermost first.
    enclosing: RefCell<Vec<Enclosing>>,
    /// Not part of [`Stop`], because types may replace an error by one of their own.
    learned: Cell<bool>,
    /// By how many candidates every answer is ahead.
    pub(super) round: usize,
}

/// A type, or a variant with fields, that a place is inside of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Enclosing {
    pub(super) name: &'static str,
    /// The type's full name, which tells types of the same name apart; `None` for a variant.
    pub(super) type_name: Option<&'static str>,
}

impl Pass {
    pub(super) fn new(round: usize) -> Self {
        Self {
            enclosing: RefCell::default(),
            learned: Cell::new(false),
            round,
        }
    }

    /// Notes that the next pass gets further than this one, though this one may fail.
    pub(super) fn learn(&self) {
        self.learned.set(true);
    }

    /// Whether a next pass gets further without other answers.
    pub(super) fn has_learned(&self) -> bool {
        self.learned.get()
    }

    /// Whether the present place is inside `this` already.
    ///
    /// # Errors
    /// When it is, but something else of the same name is nearer: `this` cannot be referred to by name.
    pub(super) fn is_inside(&self, this: Enclosing) -> Result<bool, Stop> {
        let enclosing = self.enclosing.borrow();
        if !enclosing.contains(&this) {
            return Ok(false);
        }
        let nearest = enclosing.iter().rfind(|one| one.name == this.name);
        if nearest == Some(&this) {
            return Ok(true);
        }
        Err(Stop::new(format!(
            "it contains itself by way of another `{}`",
            this.name
        )))
    }

    /// Visits what is inside of `this`.
    pub(super) fn within<R>(
        &self,
        this: Enclosing,
        visit: impl FnOnce() -> Result<R, Stop>,
    ) -> Result<R, Stop> {
        if self.enclosing.borrow().len() == ENCLOSING_MAX {
            return Err(Stop::new("it is nested too deeply"));
        }
        self.enclosing.borrow_mut().push(this);
        let outcome = visit();
        self.enclosing.borrow_mut().pop();
        outcome
    }
}

/// Why a pass ended without a value.
#[derive(Debug)]
pub(super) struct Stop {
    reason: String,
    /// The field that the type was given twice, if that is why.
    pub(super) twice: Option<&'static str>,
}

impl Stop {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            twice: None,
        }
    }

    /// As a struct sees it: what came twice inside of its field is not its field.
    pub(super) fn inside_of_a_field(self) -> Self {
        Self {
            twice: None,
            ..self
        }
    }

    pub(super) fn unsteady() -> Self {
        Self::new("it does not ask for the same twice")
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Stop {}

impl serde::de::Error for Stop {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self {
            twice: Some(field),
            ..Self::new(format!("`{field}` comes twice"))
        }
    }
}
