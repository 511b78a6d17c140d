//! A state of flights, whose values may have several forms.

use alluvium_protocol::row::StateId;
use alluvium_protocol::schema::{Form, StateKind, StateSchema, ValueSchema};
use alluvium_protocol::shape::Shape;

pub(crate) fn structure(fields: &[(&str, Shape)]) -> Shape {
    let field = |(name, shape): &(&str, Shape)| ((*name).to_owned(), shape.clone());
    Shape::Struct {
        name: "Flight".to_owned(),
        fields: fields.iter().map(field).collect(),
    }
}

/// The last form is the present one.
pub(crate) fn state(codec: &str, forms: &[(Option<u32>, Shape)]) -> StateSchema {
    let mut forms: Vec<_> = forms
        .iter()
        .map(|(type_version, shape)| Form {
            type_version: *type_version,
            type_name: "Flight".to_owned(),
            shape: shape.clone(),
        })
        .collect();
    let present = forms.pop().expect("a state has a form");
    StateSchema {
        id: StateId::new(0),
        name: "latest".to_owned(),
        kind: StateKind::Value,
        namespace: Shape::Unit,
        map_key: None,
        value: ValueSchema {
            codec: codec.to_owned(),
            version: 1,
            type_name: present.type_name,
            shape: present.shape,
            type_version: present.type_version,
            older: forms,
        },
        ttl: None,
    }
}
