//! Named caches: values, lists, times to live, bounds; against a naive cache too.

use std::time::Duration;

use proptest::prelude::*;
use siphon_script::ports::Cache;
use siphon_sip::{TenantId, Time};

use super::{CacheDefinition, CacheGauges, MemoryCache};

const TENANT: TenantId = TenantId::DEFAULT;

fn cache(change: impl Fn(&mut CacheDefinition)) -> MemoryCache {
    let mut definition = CacheDefinition::new(TENANT, "c");
    change(&mut definition);
    MemoryCache::new([1, 2], [definition])
}

fn plain() -> MemoryCache {
    cache(|_| {})
}

fn of(max_entries: usize) -> MemoryCache {
    cache(|definition| definition.max_entries = max_entries)
}

fn at(seconds: u64) -> Time {
    Time::ZERO + Duration::from_secs(seconds)
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn store(cache: &MemoryCache, key: &str, value: &str) -> bool {
    cache.store(TENANT, "c", key, value.to_owned(), None, at(0))
}

fn fetch(cache: &MemoryCache, key: &str, now: u64) -> Option<String> {
    cache.fetch(TENANT, "c", key, at(now))
}

fn push(cache: &MemoryCache, key: &str, item: &str) -> Option<u64> {
    cache.list_push(TENANT, "c", key, item.to_owned(), at(0))
}

fn gauges(cache: &MemoryCache) -> CacheGauges {
    cache.gauges().next().unwrap().2
}

#[test]
fn what_was_stored_is_fetched_and_replaced() {
    let cache = plain();
    assert!(store(&cache, "k", "one"));
    assert!(store(&cache, "k", "two"));
    assert_eq!(fetch(&cache, "k", 0).as_deref(), Some("two"));
    assert_eq!(gauges(&cache).entries, 1);
}

#[test]
fn an_unknown_cache_has_nothing_and_takes_nothing() {
    let cache = plain();
    assert!(cache.has_cache(TENANT, "c") && !cache.has_cache(TENANT, "d") && !cache.has_cache(TenantId(1), "c"));
    assert!(!cache.store(TENANT, "d", "k", "v".into(), None, at(0)));
    assert_eq!(cache.fetch(TENANT, "d", "k", at(0)), None);
    assert!(!cache.delete(TENANT, "d", "k") && !cache.exists(TENANT, "d", "k", at(0)));
    assert!(!cache.expire(TENANT, "d", "k", secs(1), at(0)));
    assert_eq!(cache.list_push(TENANT, "d", "k", "v".into(), at(0)), None);
    assert_eq!(cache.list_pop_all(TENANT, "d", "k", at(0)), [""; 0]);
    assert_eq!(cache.list_len(TENANT, "d", "k", at(0)), None);
    assert_eq!(cache.list_len_sum(TENANT, "d", "k", at(0)), None);
}

#[test]
fn caches_of_one_name_are_one_for_each_tenant() {
    let definitions = [TENANT, TenantId(1)].map(|tenant| CacheDefinition::new(tenant, "c"));
    let cache = MemoryCache::new([0, 0], definitions);
    store(&cache, "k", "mine");
    assert_eq!(cache.fetch(TenantId(1), "c", "k", at(0)), None);
    assert_eq!(fetch(&cache, "k", 0).as_deref(), Some("mine"));
}

#[test]
fn deleting_is_true_when_the_cache_exists() {
    let cache = plain();
    store(&cache, "k", "v");
    assert!(cache.delete(TENANT, "c", "k"));
    assert!(cache.delete(TENANT, "c", "k"));
    assert!(!cache.exists(TENANT, "c", "k", at(0)));
    assert_eq!(gauges(&cache), CacheGauges::default());
}

#[test]
fn a_value_lives_for_its_own_time_or_for_the_caches() {
    let cache = cache(|definition| definition.ttl = Some(secs(100)));
    store(&cache, "long", "v");
    cache.store(TENANT, "c", "short", "v".into(), Some(secs(10)), at(0));
    assert!(fetch(&cache, "short", 9).is_some() && fetch(&cache, "long", 99).is_some());
    assert!(fetch(&cache, "short", 10).is_none() && fetch(&cache, "long", 100).is_none());
    assert!(!cache.exists(TENANT, "c", "long", at(100)));
}

#[test]
fn without_any_time_to_live_a_value_stays() {
    let cache = plain();
    store(&cache, "k", "v");
    assert!(fetch(&cache, "k", u64::from(u32::MAX)).is_some());
}

#[test]
fn expire_gives_a_living_key_a_new_time() {
    let cache = plain();
    store(&cache, "k", "v");
    assert!(cache.expire(TENANT, "c", "k", secs(10), at(0)));
    assert!(cache.expire(TENANT, "c", "k", secs(20), at(5)));
    assert!(fetch(&cache, "k", 24).is_some());
    assert!(!cache.expire(TENANT, "c", "k", secs(10), at(25)), "it is dead");
    assert!(!cache.expire(TENANT, "c", "other", secs(10), at(0)));
}

#[test]
fn a_list_keeps_its_order_and_is_taken_at_once() {
    let cache = plain();
    assert_eq!((push(&cache, "l", "a"), push(&cache, "l", "b")), (Some(1), Some(2)));
    assert_eq!(cache.list_len(TENANT, "c", "l", at(0)), Some(2));
    assert!(cache.exists(TENANT, "c", "l", at(0)));
    assert_eq!(cache.list_pop_all(TENANT, "c", "l", at(0)), ["a", "b"]);
    assert_eq!(cache.list_pop_all(TENANT, "c", "l", at(0)), [""; 0]);
    assert_eq!(cache.list_len(TENANT, "c", "l", at(0)), Some(0));
    assert_eq!(gauges(&cache), CacheGauges::default());
}

#[test]
fn a_list_lives_for_the_caches_time_from_its_first_item_on() {
    let cache = cache(|definition| definition.ttl = Some(secs(10)));
    push(&cache, "l", "a");
    cache.list_push(TENANT, "c", "l", "b".into(), at(9));
    assert_eq!(cache.list_len(TENANT, "c", "l", at(9)), Some(2));
    assert_eq!(cache.list_push(TENANT, "c", "l", "c".into(), at(10)), Some(1), "a new list");
}

#[test]
fn the_lengths_of_lists_are_added_up_by_prefix() {
    let cache = plain();
    for (key, item) in [("q:a", "1"), ("q:a", "2"), ("q:b", "3"), ("r:a", "4")] {
        push(&cache, key, item);
    }
    store(&cache, "q:text", "v");
    assert_eq!(cache.list_len_sum(TENANT, "c", "q:", at(0)), Some(3));
    assert_eq!(cache.list_len_sum(TENANT, "c", "x", at(0)), Some(0));
}

#[test]
fn strings_are_no_lists_and_lists_no_strings() {
    let cache = plain();
    store(&cache, "k", "v");
    push(&cache, "l", "a");
    assert_eq!(push(&cache, "k", "x"), None);
    assert_eq!(cache.list_pop_all(TENANT, "c", "k", at(0)), [""; 0]);
    assert_eq!(cache.list_len(TENANT, "c", "k", at(0)), Some(0));
    assert_eq!(fetch(&cache, "l", 0), None);
    assert_eq!(fetch(&cache, "k", 0).as_deref(), Some("v"));
    assert!(store(&cache, "l", "now a string"));
    assert_eq!(fetch(&cache, "l", 0).as_deref(), Some("now a string"));
}

#[test]
fn a_full_cache_drops_what_was_not_used_for_longest() {
    let cache = of(2);
    store(&cache, "a", "1");
    store(&cache, "b", "2");
    fetch(&cache, "a", 0);
    store(&cache, "c", "3");
    assert_eq!(fetch(&cache, "b", 0), None);
    assert!(fetch(&cache, "a", 0).is_some() && fetch(&cache, "c", 0).is_some());
    assert_eq!((gauges(&cache).entries, gauges(&cache).evicted), (2, 1));
}

#[test]
fn a_great_cache_holds_all_that_it_may_before_anything_leaves() {
    let cache = of(20_000);
    for number in 0..20_000 {
        store(&cache, &number.to_string(), "v");
    }
    assert_eq!((gauges(&cache).entries, gauges(&cache).evicted), (20_000, 0));
    store(&cache, "one more", "v");
    assert_eq!((gauges(&cache).entries, gauges(&cache).evicted), (20_000, 1));
    assert!(fetch(&cache, "one more", 0).is_some());
}

#[test]
fn bytes_are_bounded_too() {
    let cache = cache(|definition| definition.max_bytes = 10_000);
    for number in 0..50 {
        store(&cache, &number.to_string(), &"x".repeat(1000));
        assert!(gauges(&cache).bytes <= 10_000);
    }
    assert!(fetch(&cache, "49", 0).is_some() && fetch(&cache, "0", 0).is_none());
}

#[test]
fn a_value_that_is_too_big_is_refused_and_counted() {
    let cache = cache(|definition| definition.max_bytes = 1000);
    store(&cache, "k", "old");
    assert!(!store(&cache, "k", &"x".repeat(1000)));
    assert_eq!(fetch(&cache, "k", 0), None, "the old value would be wrong");
    assert_eq!((gauges(&cache).refused, gauges(&cache).bytes), (1, 0));
}

#[test]
fn a_list_cannot_grow_beyond_the_cache() {
    let cache = cache(|definition| definition.max_bytes = 1000);
    let pushed = (0..100).filter(|_| push(&cache, "l", "0123456789").is_some()).count();
    assert_eq!(cache.list_len(TENANT, "c", "l", at(0)), Some(pushed as u64));
    assert!(pushed < 100 && gauges(&cache).bytes <= 1000);
}

#[test]
fn a_growing_list_pushes_others_out() {
    let cache = cache(|definition| definition.max_bytes = 1000);
    store(&cache, "k", &"x".repeat(700));
    for _ in 0..20 {
        push(&cache, "l", "0123456789");
    }
    assert_eq!(fetch(&cache, "k", 0), None);
    assert!(gauges(&cache).bytes <= 1000);
}

#[test]
fn great_values_in_many_shards_keep_the_bound() {
    let cache = cache(|definition| {
        definition.max_entries = 100_000;
        definition.max_bytes = 10_000;
    });
    for number in 0..100 {
        assert!(store(&cache, &number.to_string(), &"x".repeat(9000)));
        assert!(gauges(&cache).bytes <= 10_000);
        assert!(fetch(&cache, &number.to_string(), 0).is_some());
    }
}

#[test]
fn a_sweep_drops_what_has_run_out() {
    let cache = cache(|definition| definition.max_entries = 5000);
    for number in 0..2000 {
        let ttl = secs(if number % 2 == 0 { 10 } else { 1000 });
        cache.store(TENANT, "c", &number.to_string(), "v".into(), Some(ttl), at(0));
    }
    for _ in 0..20 {
        cache.sweep(at(10));
    }
    assert_eq!(gauges(&cache).entries, 1000);
    store(&cache, "more", "v");
    assert!(fetch(&cache, "1", 10).is_some() && fetch(&cache, "more", 10).is_some());
}

#[test]
fn threads_keep_the_bound_together() {
    let cache = of(3000);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let cache = &cache;
            scope.spawn(move || {
                for number in 0..5000 {
                    store(cache, &format!("{thread}:{number}"), "v");
                    push(cache, "list", "x");
                }
            });
        }
    });
    assert!(gauges(&cache).entries <= 3000);
}

/// Keys and values, the oldest first, with the time when each runs out.
#[derive(Default)]
struct NaiveCache {
    entries: Vec<(u8, Vec<String>, bool, Option<Time>)>,
    size: usize,
}

impl NaiveCache {
    fn drop_dead(&mut self, key: u8, now: Time) {
        self.entries.retain(|(other, .., end)| *other != key || end.is_none_or(|end| now < end));
    }

    fn touch(&mut self, key: u8, now: Time) -> Option<&mut (u8, Vec<String>, bool, Option<Time>)> {
        self.drop_dead(key, now);
        let place = self.entries.iter().position(|(other, ..)| *other == key)?;
        let entry = self.entries.remove(place);
        self.entries.push(entry);
        self.entries.last_mut()
    }

    fn insert(&mut self, key: u8, items: Vec<String>, is_list: bool, end: Option<Time>) {
        self.entries.retain(|(other, ..)| *other != key);
        self.entries.push((key, items, is_list, end));
        if self.entries.len() > self.size {
            self.entries.remove(0);
        }
    }
}

proptest! {
    #[test]
    fn the_cache_does_what_a_naive_one_does(
        size in 1_usize..6,
        steps in prop::collection::vec((0_u8..8, 0_u8..7, 0_u64..6), 1..300),
    ) {
        let cache = of(size);
        let mut naive = NaiveCache { size, ..NaiveCache::default() };
        for (step, (key, verb, argument)) in steps.into_iter().enumerate() {
            let (now, name, value) = (at(step as u64), key.to_string(), step.to_string());
            match verb {
                0 => {
                    let ttl = (argument > 0).then(|| secs(argument * 5));
                    prop_assert!(cache.store(TENANT, "c", &name, value.clone(), ttl, now));
                    naive.insert(key, vec![value], false, ttl.map(|ttl| now + ttl));
                }
                1 => {
                    let expected = naive.touch(key, now).filter(|entry| !entry.2).map(|entry| entry.1[0].clone());
                    prop_assert_eq!(cache.fetch(TENANT, "c", &name, now), expected);
                }
                2 => {
                    prop_assert!(cache.delete(TENANT, "c", &name));
                    naive.entries.retain(|(other, ..)| *other != key);
                }
                3 => {
                    let expected = match naive.touch(key, now) {
                        Some(entry) if entry.2 => {
                            entry.1.push(value.clone());
                            Some(entry.1.len() as u64)
                        }
                        Some(_) => None,
                        None => {
                            naive.insert(key, vec![value.clone()], true, None);
                            Some(1)
                        }
                    };
                    prop_assert_eq!(cache.list_push(TENANT, "c", &name, value, now), expected);
                }
                4 => {
                    let is_list = naive.touch(key, now).is_some_and(|entry| entry.2);
                    let expected = if is_list { naive.entries.pop().unwrap().1 } else { Vec::new() };
                    prop_assert_eq!(cache.list_pop_all(TENANT, "c", &name, now), expected);
                }
                5 => {
                    let entry = naive.touch(key, now);
                    let expected = entry.is_some();
                    if let Some(entry) = entry {
                        entry.3 = Some(now + secs(argument));
                    }
                    prop_assert_eq!(cache.expire(TENANT, "c", &name, secs(argument), now), expected);
                }
                _ => {
                    let is_live = |entry: &(u8, Vec<String>, bool, Option<Time>)| entry.3.is_none_or(|end| now < end);
                    let expected = naive.entries.iter().any(|entry| entry.0 == key && is_live(entry));
                    prop_assert_eq!(cache.exists(TENANT, "c", &name, now), expected);
                }
            }
            prop_assert_eq!(gauges(&cache).entries, naive.entries.len());
        }
    }
}
