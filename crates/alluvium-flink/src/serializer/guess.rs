//! How long the payloads of unknown classes are, when only the end of the block is known that they are in.
//!
//! The shortest lengths that let the whole block parse are taken. Nearly always that is nothing: most serializers have no
//! parameters. Lengths that make the block parse by chance are conceivable, and then the names of states would be wrong; the
//! magic numbers and names that have to be in the right places make that unlikely beyond concern.

use crate::cursor::Cursor;
use crate::error::Result;

/// How often a block is parsed before it is given up: two unknown payloads of a hundred bytes are found, and the slowest
/// failure takes seconds. The fuzzer is not to spend its time on that.
pub(crate) const TRIES_MAX: u32 = if cfg!(fuzzing) { 100 } else { 20_000 };

/// The lengths that are tried in one parse.
#[derive(Debug)]
pub(crate) struct Guesses {
    /// The length of each unknown payload, in the order they are met, and how long it can be at most.
    lengths: Vec<(usize, usize)>,
    /// How many have been met in this parse.
    met: usize,
    tries: u32,
}

impl Guesses {
    /// For one parse: unknown payloads are empty.
    pub(crate) const fn empty() -> Self {
        Self {
            lengths: Vec::new(),
            met: 0,
            tries: 0,
        }
    }

    /// The length of the next unknown payload, of which `most` bytes are left.
    pub(super) fn next(&mut self, most: usize) -> usize {
        if self.met == self.lengths.len() {
            self.lengths.push((0, most));
        }
        self.met += 1;
        self.lengths
            .get(self.met - 1)
            .map_or(0, |(length, _)| *length)
    }

    /// The next combination, after a parse that failed; false when there is none.
    fn advance(&mut self) -> bool {
        // Those that were not met this time do not matter: the parse failed before them.
        self.lengths.truncate(self.met);
        self.met = 0;
        while let Some((length, most)) = self.lengths.last_mut() {
            if *length < *most {
                *length += 1;
                return true;
            }
            self.lengths.pop();
        }
        false
    }
}

/// Reads a block that ends where the cursor's bytes end. `outer` is whose tries are used up, if the block is in another one.
///
/// # Errors
/// The error of the first parse, with empty payloads, when no lengths that were tried lead to the block's end.
pub(crate) fn exactly<'a, T>(
    cursor: &mut Cursor<'a>,
    outer: Option<&mut Guesses>,
    what: &'static str,
    mut read: impl FnMut(&mut Cursor<'a>, &mut Guesses) -> Result<T>,
) -> Result<T> {
    let mut guesses = Guesses {
        tries: outer.as_ref().map_or(TRIES_MAX, |outer| outer.tries),
        ..Guesses::empty()
    };
    let mut first = None;
    let result = loop {
        let mut attempt = cursor.clone();
        let result =
            read(&mut attempt, &mut guesses).and_then(|value| attempt.finish(what).map(|()| value));
        match result {
            Ok(value) => {
                *cursor = attempt;
                break Ok(value);
            }
            Err(error) => {
                let error = first.get_or_insert(error);
                if guesses.tries == 0 || !guesses.advance() {
                    break Err(std::mem::replace(error, cursor.corrupt("")));
                }
                guesses.tries -= 1;
            }
        }
    };
    if let Some(outer) = outer {
        outer.tries = guesses.tries;
    }
    result
}
