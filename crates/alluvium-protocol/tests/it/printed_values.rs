//! Values as JSON.

use alluvium_protocol::value::Value;

#[test]
fn every_text_prints_as_json_that_reads_back_without_control_characters() {
    for char in (0..=u32::from(char::MAX)).filter_map(char::from_u32) {
        let value = Value::Str(format!("a{char}\"{char}b"));

        let printed = value.to_string();

        assert!(!printed.chars().any(char::is_control), "{printed}");
        let read: String = serde_json::from_str(&printed).unwrap();
        assert_eq!(Value::Str(read), value);
        let mut appended = String::new();
        value.append_json(&mut appended);
        assert_eq!(appended, printed);
    }
}
