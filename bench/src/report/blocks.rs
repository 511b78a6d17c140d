//! Generated blocks in a document that people write: `<!-- bench:NAME -->` … `<!-- /bench -->`.
//!
//! Only what is between markers changes. Each block has its markers exactly once, and each pair of markers its block: else nothing is
//! written.

use std::collections::BTreeMap;

use anyhow::{Result, bail, ensure};

const START: &str = "<!-- bench:";
const START_END: &str = " -->";
const END: &str = "<!-- /bench -->";

/// The document with all blocks replaced.
///
/// # Errors
/// When a block has no marker in the document or several, a marker no block, or a block no end.
pub(super) fn replace(document: &str, blocks: &BTreeMap<&str, String>) -> Result<String> {
    let mut out = String::with_capacity(document.len());
    let mut left = document;
    let mut seen = Vec::new();
    while let Some((before, after)) = left.split_once(START) {
        let Some((name, rest)) = after.split_once(START_END) else {
            bail!("a marker {START:?} has no end {START_END:?}");
        };
        let Some(text) = blocks.get(name) else {
            bail!("there is no block {name:?} for the marker `{START}{name}{START_END}`");
        };
        ensure!(!seen.contains(&name), "block {name:?} has two markers");
        seen.push(name);
        let closed = rest.split_once(END);
        let Some((_, rest)) = closed.filter(|(old, _)| !old.contains(START)) else {
            bail!("block {name:?} has no end `{END}`");
        };
        out.push_str(before);
        out.push_str(&format!(
            "{START}{name}{START_END}\n{}\n{END}",
            text.trim_end()
        ));
        left = rest;
    }
    ensure!(
        !left.contains(END),
        "an end `{END}` has no marker before it"
    );
    out.push_str(left);
    match blocks.keys().find(|name| !seen.contains(name)) {
        Some(name) => bail!("there is no marker `{START}{name}{START_END}` for block {name:?}"),
        None => Ok(out),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::replace;

    const DOCUMENT: &str = "# Title\n\n<!-- bench:one -->\nold\n\n| a |\n<!-- /bench -->\nprose <b>\n<!-- bench:two --><!-- /bench -->\nend";

    fn blocks() -> BTreeMap<&'static str, String> {
        BTreeMap::from([("one", "new\n".to_owned()), ("two", "2".to_owned())])
    }

    #[test]
    fn only_what_is_between_markers_changes() {
        let found = replace(DOCUMENT, &blocks()).unwrap();

        assert_eq!(
            found,
            "# Title\n\n<!-- bench:one -->\nnew\n<!-- /bench -->\nprose <b>\n<!-- bench:two -->\n2\n<!-- /bench -->\nend"
        );
        assert_eq!(replace(&found, &blocks()).unwrap(), found);
    }

    #[test]
    fn a_document_that_does_not_fit_its_blocks_is_refused_by_name() {
        let cases = [
            (
                DOCUMENT.replace("bench:two", "bench:too"),
                "no block \"too\"",
            ),
            (
                DOCUMENT.replace("bench:two", "bench:one"),
                "\"one\" has two markers",
            ),
            (
                DOCUMENT.replace("<!-- bench:two --><!-- /bench -->", ""),
                "no marker `<!-- bench:two -->`",
            ),
            (
                DOCUMENT.replacen("<!-- /bench -->", "", 1),
                "\"one\" has no end",
            ),
            (DOCUMENT.replacen("<!-- bench:one -->", "", 1), "no marker"),
            (DOCUMENT.replace("bench:one -->", "bench:one"), "no block"),
        ];
        for (document, expected) in cases {
            let error = replace(&document, &blocks()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error} instead of {expected}");
        }
    }
}
