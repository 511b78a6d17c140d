//! Fields that were dropped and are declared again.
//!
//! A codec that writes names reads such a field from values that were not written while it was gone: values that the
//! program had given up would be back in some keys and not in others.

use crate::shape::Shape;

/// The first field that `older` and `declared` have and `between` does not, as a path.
pub(super) fn returning(older: &Shape, between: &Shape, declared: &Shape) -> Option<String> {
    match (older, between, declared) {
        (Shape::Option(a), Shape::Option(b), Shape::Option(c))
        | (Shape::Seq(a), Shape::Seq(b), Shape::Seq(c)) => returning(a, b, c),
        // A value may have become optional on the way.
        (a, Shape::Option(b), Shape::Option(c)) => returning(a, b, c),
        (a, b, Shape::Option(c)) => returning(a, b, c),
        (Shape::Map(a_key, a), Shape::Map(b_key, b), Shape::Map(c_key, c)) => {
            returning(a_key, b_key, c_key).or_else(|| returning(a, b, c))
        }
        (Shape::Tuple(a), Shape::Tuple(b), Shape::Tuple(c)) => {
            let mut parts = a.iter().zip(b).zip(c);
            parts.find_map(|((a, b), c)| returning(a, b, c))
        }
        (
            Shape::Struct { fields: a, .. },
            Shape::Struct { fields: b, .. },
            Shape::Struct { fields: c, .. },
        ) => a.iter().find_map(|(name, a)| {
            let of = |fields: &[(String, Shape)]| {
                let found = fields.iter().find(|(other, _)| other == name);
                found.map(|(_, shape)| shape.clone())
            };
            let declared = of(c)?;
            let Some(between) = of(b) else {
                return Some(name.clone());
            };
            returning(a, &between, &declared).map(|inside| format!("{name}.{inside}"))
        }),
        (
            Shape::Enum { variants: a, .. },
            Shape::Enum { variants: b, .. },
            Shape::Enum { variants: c, .. },
        ) => a.iter().find_map(|(_, name, a)| {
            let of = |variants: &[(u32, String, Shape)]| {
                let found = variants.iter().find(|(_, other, _)| other == name);
                found.map(|(.., payload)| payload.clone())
            };
            returning(a, &of(b)?, &of(c)?).map(|inside| format!("{name}.{inside}"))
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn structure(fields: &[&str]) -> Shape {
        let field = |name: &&str| ((*name).to_owned(), Shape::U8);
        Shape::Struct {
            name: "Leg".to_owned(),
            fields: fields.iter().map(field).collect(),
        }
    }

    #[test]
    fn a_field_that_was_gone_for_a_while_is_found() {
        let [both, one, none] = [
            structure(&["gate", "delay"]),
            structure(&["gate"]),
            structure(&[]),
        ];

        assert_eq!(returning(&both, &one, &both).as_deref(), Some("delay"));
        assert_eq!(returning(&both, &one, &one), None);
        assert_eq!(returning(&none, &one, &both), None);
        assert_eq!(
            returning(
                &Shape::seq(both.clone()),
                &Shape::seq(one),
                &Shape::seq(Shape::option(both))
            )
            .as_deref(),
            Some("delay")
        );
    }
}
