use std::time::Duration;

use super::*;
use crate::context::Grants;
use crate::kit::Kit;

#[test]
fn what_was_stored_is_found_until_its_time_is_over() {
    let kit = Kit::new();
    let context = kit.context();
    assert!(store(&context, "c", "k", "v".to_owned(), Some(10.0)).unwrap());
    assert_eq!(fetch(&context, "c", "k").unwrap().as_deref(), Some("v"));
    kit.clock.advance(Duration::from_secs(10));
    assert_eq!(fetch(&context, "c", "k").unwrap(), None);
    assert!(!exists(&context, "c", "k").unwrap());
}

#[test]
fn an_unknown_cache_is_empty_and_stores_nothing() {
    let context = Kit::new().context();
    assert!(!has_cache(&context, "x").unwrap());
    assert!(!store(&context, "x", "k", "v".to_owned(), None).unwrap());
    assert_eq!(fetch(&context, "x", "k").unwrap(), None);
    assert!(!delete(&context, "x", "k").unwrap());
    assert_eq!(list_push(&context, "x", "k", "i".to_owned()).unwrap(), None);
    assert_eq!(list_len(&context, "x", "k").unwrap(), None);
    assert!(list_pop_all(&context, "x", "k").unwrap().is_empty());
}

#[test]
fn delete_and_expire_act_on_one_key() {
    let context = Kit::new().context();
    store(&context, "c", "k", "v".to_owned(), None).unwrap();
    assert!(expire(&context, "c", "k", 5.0).unwrap());
    assert!(!expire(&context, "c", "other", 5.0).unwrap());
    assert!(delete(&context, "c", "k").unwrap());
    assert!(delete(&context, "c", "k").unwrap());
    assert!(!exists(&context, "c", "k").unwrap());
}

#[test]
fn lists_keep_their_order_and_are_taken_whole() {
    let context = Kit::new().context();
    assert_eq!(list_push(&context, "c", "q:1", "a".to_owned()).unwrap(), Some(1));
    assert_eq!(list_push(&context, "c", "q:1", "b".to_owned()).unwrap(), Some(2));
    assert_eq!(list_push(&context, "c", "q:2", "c".to_owned()).unwrap(), Some(1));
    assert_eq!(list_len_sum(&context, "c", "q:").unwrap(), Some(3));
    assert_eq!(list_pop_all(&context, "c", "q:1").unwrap(), ["a", "b"]);
    assert_eq!(list_len(&context, "c", "q:1").unwrap(), Some(0));
}

#[test]
fn the_servers_own_keys_cannot_be_written() {
    let context = Kit::new().context();
    assert!(matches!(store(&context, "c", "siphon:x", "v".to_owned(), None), Err(ApiError::Value(_))));
    assert!(matches!(delete(&context, "c", "siphon:x"), Err(ApiError::Value(_))));
    assert!(matches!(expire(&context, "c", "siphon:x", 1.0), Err(ApiError::Value(_))));
    assert!(matches!(list_push(&context, "c", "siphon:x", "v".to_owned()), Err(ApiError::Value(_))));
    assert_eq!(fetch(&context, "c", "siphon:x"), Ok(None));
}

#[test]
fn an_empty_prefix_and_a_time_that_is_none_are_value_errors() {
    let context = Kit::new().context();
    assert!(matches!(list_len_sum(&context, "c", ""), Err(ApiError::Value(_))));
    for ttl in [-1.0, 0.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(store(&context, "c", "k", "v".to_owned(), Some(ttl)), Err(ApiError::Value(_))));
    }
}

#[test]
fn without_the_grant_nothing_is_read() {
    let kit = Kit::new();
    let context = Context::background(TenantId::DEFAULT, 1, kit.ports()).with_grants(Grants::of(&[Interface::Log]));
    assert_eq!(fetch(&context, "c", "k"), Err(ApiError::NotGranted(Interface::Cache)));
}
