//! What forms may ask for. Invariant: whoever sends a form does not wait for somebody who counts.

use super::*;
use crate::jobs::asking::{Asking, Recognised};

#[test]
fn a_form_asks_for_nothing_while_somebody_counts() {
    let world = World::after(vec![known(1, event("demo_request", "/", minute(5)))]);
    let mut site = world.ledger.sites().expect("reads").remove(0);
    site.policy.ask = vec!["size".to_owned()];
    let asking = Asking::new(world.ledger);
    let who = Recognised { lead: Some(lead_key(1)), visitor: None };
    let asked = || asking.of_form(&model(MODEL), &site, who, minute(6)).expect("reads");
    let turn = asking.take_turn();
    assert!(asked().is_empty(), "and did not wait");
    drop(turn);
    assert_eq!(asked(), ["size"]);
    let _turn = asking.take_turn();
    assert_eq!(asked(), ["size"], "what was counted is known");
}
