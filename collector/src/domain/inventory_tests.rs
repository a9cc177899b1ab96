//! Tests of declarations. Invariant: what is left out or misspelt is refused by name.

use super::*;

const ONE: &str = r#"
[[table]]
name = "people"
meaning = "Those who wrote"
oldest = "at"
purpose = "to answer them"
category = "pseudonymous"
basis = "ladder"
retention = "events"
source = "the form"
seen_by = "the owner"
handoff = "nobody"

[[table.field]]
name = "at"
unit = "milliseconds"
meaning = "When they wrote"
category = "technical"

[[table.field]]
name = "key"
meaning = "Who they are"
basis = { qualified = "consent", unset = "interest" }
"#;

fn refused(declarations: &[(&str, &str)]) -> String {
    merge("a.db", declarations).err().map(|error| error.0).unwrap_or_default()
}

#[test]
fn a_field_says_what_its_table_says_unless_it_says_it_itself() {
    let tables = merge("a.db", &[("0001", ONE)]).expect("is whole");
    let [at, key] = &tables[0].fields[..] else { panic!("{tables:?}") };
    assert_eq!((tables[0].store.as_str(), tables[0].kind), ("a.db", Kind::Database));
    assert_eq!((at.category, key.category), (Category::Technical, Category::Pseudonymous));
    assert_eq!((at.purpose.as_str(), key.keep), ("to answer them", Keep::Events));
    assert_eq!(at.basis, LegalBasis::Ladder.text());
    assert_eq!(key.basis, "unset: interest; qualified: consent", "in the ladder's order");
}

#[test]
fn a_later_migration_adds_and_drops() {
    let adds =
        "[[table]]\nname = \"people\"\n[[table.field]]\nname = \"mood\"\nmeaning = \"How they were\"\n";
    let tables = merge("a.db", &[("0001", ONE), ("0002", adds)]).expect("adds");
    assert_eq!(tables[0].fields.len(), 3);
    assert_eq!(tables[0].fields[2].source, "the form", "as the table said when it was made");
    let drops = "[[table]]\nname = \"people\"\ndrop = [\"mood\"]\n";
    let tables = merge("a.db", &[("0001", ONE), ("0002", adds), ("0003", drops)]).expect("drops a field");
    assert_eq!(tables[0].fields.len(), 2);
    assert_eq!(merge("a.db", &[("0001", ONE), ("0002", "drop = [\"people\"]")]).expect("drops"), []);
}

#[test]
fn what_is_wrong_is_named() {
    for (from, to, word) in [
        ("meaning = \"Who they are\"", "meaning = \" \"", "people.key has no meaning"),
        ("source = \"the form\"", "", "people.at has no source"),
        ("retention = \"events\"", "", "people.at has no retention"),
        ("category = \"pseudonymous\"", "category = \"anonymous\"", "0001.fields.toml"),
        ("category = \"pseudonymous\"", "", "people.key has no category"),
        ("unset = \"interest\"", "unsett = \"interest\"", "0001.fields.toml"),
        ("{ qualified = \"consent\", unset = \"interest\" }", "{}", "people.key has no basis"),
        ("oldest = \"at\"", "oldest = \"key\"", "`oldest` names key"),
        ("handoff = \"nobody\"", "handof = \"nobody\"", "handof"),
        ("name = \"key\"", "name = \"at\"", "people.at is declared already"),
    ] {
        assert!(ONE.contains(from), "{from}");
        let message = refused(&[("0001", &ONE.replace(from, to))]);
        assert!(message.contains(word), "`{word}` in `{message}`");
    }
    assert!(refused(&[("0001", "drop = [\"people\"]")]).contains("people, which was not declared"));
    let drop = "[[table]]\nname = \"people\"\ndrop = [\"mood\"]\n";
    assert!(refused(&[("0001", ONE), ("0002", drop)]).contains("people.mood, which was not declared"));
}

#[test]
fn words_are_those_that_are_read() {
    fn same<T: serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(
        words: &[T],
        name: fn(&T) -> &'static str,
    ) {
        for word in words {
            let read: T = serde_json::from_value(name(word).into()).expect("is read");
            assert_eq!(read, *word);
        }
    }
    same(Category::ALL, |word| word.name());
    same(LegalBasis::ALL, |word| word.name());
    same(Keep::ALL, |word| word.name());
}
