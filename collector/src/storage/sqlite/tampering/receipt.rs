//! Receipts held against a bent log. Invariant: a receipt is valid only as long as its entry and all around it is.

use super::{Bent, original};
use crate::audit::verify_receipt;
use crate::domain::Receipt;

#[test]
fn a_receipt_is_as_true_as_its_entry_and_the_chain() {
    let receipt = original().receipt.clone();
    let valid = |bent: &Bent, receipt: &Receipt| verify_receipt(&bent.open(), receipt).expect("reads");
    let whole = Bent::by(|_| {});
    let said = valid(&whole, &receipt);
    assert!(said.valid && said.sentence.contains("entry 4,711"), "{said:?}");
    assert!(valid(&whole, &Receipt { action: "erase".to_owned(), ..receipt.clone() }).valid);

    let with = |change: fn(&mut Receipt)| {
        let mut receipt = original().receipt.clone();
        change(&mut receipt);
        receipt
    };
    let forged: [(Receipt, &str); 9] = [
        (with(|receipt| receipt.receipt.replace_range(..1, "f")), "number"),
        (with(|receipt| receipt.action = "person.found".to_owned()), "what was done"),
        (with(|receipt| receipt.site = "example.org".to_owned()), "the site"),
        (with(|receipt| receipt.at = receipt.at.plus_days(-1)), "the time"),
        (with(|receipt| *receipt.counts.entry("events".to_owned()).or_default() = 13), "the counts"),
        (with(|receipt| receipt.counts.clear()), "the counts"),
        (with(|receipt| receipt.entry.hash = "0".repeat(64)), "another hash"),
        (with(|receipt| receipt.entry.seq += 1), "another hash"),
        (with(|receipt| receipt.entry.seq = i64::MIN), "has no entry"),
    ];
    for (receipt, word) in forged {
        let said = valid(&whole, &receipt);
        assert!(!said.valid && said.sentence.contains(word), "{word}: {said:?}");
    }
    let cases = [
        ("UPDATE audit SET details = replace(details, '12', '13') WHERE seq = 4711", "was changed"),
        ("DELETE FROM audit WHERE seq = 4711", "has no entry"),
        ("UPDATE audit SET who = 'nobody' WHERE seq = 4712", "the log around it"),
        ("DELETE FROM audit WHERE seq = 12", "the log around it"),
        ("DELETE FROM audit WHERE seq > 9000", "the log around it"),
    ];
    for (sql, word) in cases {
        let said = valid(&Bent::by_sql(sql), &receipt);
        assert!(!said.valid && said.sentence.contains(word), "{sql}: {said:?}");
    }
    let json = serde_json::to_string(&receipt).expect("writes");
    assert_eq!(serde_json::from_str::<Receipt>(&json).expect("reads"), receipt);
    let more = json.replacen('{', r#"{"name":"Jane","#, 1);
    assert!(serde_json::from_str::<Receipt>(&more).is_err(), "a receipt says no more than it has to");
}
