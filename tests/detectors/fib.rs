//! Writing of forwarding tables, and what is lost meanwhile.
//!
//! Two PNIs `p` and `q` between `ra` and `rb`. A cut of `p` is seen after 10 ms; the routers
//! forget its routes 50 us later (one unit of BGP work) and write new next hops.

use crate::lab::{Lab, MS, Pair, Run, S, US, nanos};

/// The pair with a second PNI `q`, preferred less if `backup`, and `count` prefixes at `ra`.
fn two(count: u64, rb: &str, backup: bool) -> Lab {
    let prefix = format!("count: {count}");
    let multipath = if backup { "" } else { "multipath: {ebgp: 2}" };
    let term = "import: [{name: first, set: {local_pref: 200}, then: accept}]";
    let sides = if backup { format!("ra: {{{term}}}, rb: {{{term}}}") } else { String::new() };
    let pair = Pair {
        networks: [multipath, multipath],
        routers: ["", rb],
        sides: &sides,
        prefix: &prefix,
        ..Pair::default()
    };
    let text = pair.text().replace(
        "prefixes:\n",
        "  q: {ends: [ra, rb], relation: peer, circuits: {c9: {speed: 10G, length: 20km}},
      sessions: {ipv4: {}}}
prefixes:
",
    );
    Lab::new(&text, 130, "{at: 100s, for: 10s, inject: {circuit_cut: {circuit: c1}}}")
}

/// When `rb` had written the prefix at `ra`.
fn written(run: &Run) -> Vec<i64> {
    let rows = run.0.figures.timeline.iter();
    let fib = rows.filter(|row| row.kind == "fib" && row.router == "rb");
    fib.map(|row| nanos(row.at_s) - crate::lab::BEGIN).collect()
}

/// Seen, and forgotten by the BGP process.
const DECIDED: i64 = 10 * MS + 50 * US;

#[test]
fn prefix_by_prefix_the_last_of_n_is_written_after_n_over_the_rate() {
    // Loss: all until the first prefix is written (1/rate), then a ramp down to none at the last
    // (n/rate): lost = DECIDED + (1 + n) / (2 rate), longest gap = DECIDED + n / rate.
    for (count, rate, first, last) in [
        (1, 20_000, 50 * US, 50 * US),
        (2, 20_000, 50 * US, 100 * US),
        (10, 20_000, 50 * US, 500 * US),
        (100, 20_000, 50 * US, 5 * MS),
        (1_000, 20_000, 50 * US, 50 * MS),
        (280, 10_000, 100 * US, 28 * MS),
        (5_000, 10_000, 100 * US, 500 * MS),
        (20_000, 20_000, 50 * US, S),
        (100, 1_000, MS, 100 * MS),
        (1_000, 100_000, 10 * US, 10 * MS),
        (900_000, 100_000, 10 * US, 9 * S),
    ] {
        let run = two(count, &format!("fib_rate: {rate}/s"), true).run(1);
        assert_eq!(written(&run)[0], DECIDED + last, "{count} at {rate}/s");
        let forward = run.demand("d", pnilab::report::data::Direction::Forward);
        let m = &forward.events[0].measures;
        assert_eq!(nanos(m.longest_gap_s), DECIDED + last, "{count} at {rate}/s");
        assert_eq!(nanos(m.lost_s), DECIDED + i64::midpoint(first, last), "{count} at {rate}/s");
        assert_eq!(nanos(m.whole_gap_s), DECIDED + first, "{count} at {rate}/s");
        assert_eq!(m.worst_delivered, Some(0.0));
        assert_eq!((m.disturbed, m.moved, m.reachable), (1.0, 1.0, Some(1.0)));
        // Below 99 % until 99 % of the ramp is over, rounded to the nanosecond above or below.
        let impaired = DECIDED + first + (last - first) * 99 / 100;
        assert!((nanos(m.impaired_s) - impaired).abs() <= 1, "{count} at {rate}/s");
        // On the way back q serves until p is written: nothing is lost.
        let back = &forward.events[1].measures;
        assert_eq!((nanos(back.lost_s), back.moved), (0, 1.0), "{count} at {rate}/s");
    }
}

#[test]
fn pic_moves_all_prefixes_at_once_after_its_delay() {
    for (count, delay) in [(1, 100), (1_000, 100), (1_000_000, 100), (1_000, 20), (1_000, 1_000)] {
        let run = two(count, &format!("fib: pic, pic_delay: {delay}ms"), true).run(1);
        assert_eq!(written(&run)[0], DECIDED + delay * MS);
        let m = run.forward();
        let gap = DECIDED + delay * MS;
        assert_eq!([m.lost_s, m.longest_gap_s, m.whole_gap_s].map(nanos), [gap; 3]);
    }
}

#[test]
fn taking_a_member_out_of_an_ecmp_set_is_one_write_however_many_prefixes_share_it() {
    for (count, rate, one) in
        [(1, 20_000, 50 * US), (1_000, 20_000, 50 * US), (10_000, 1_000, MS), (5, 100_000, 10 * US)]
    {
        let run = two(count, &format!("fib_rate: {rate}/s"), false).run(1);
        let gap = DECIDED + one;
        assert_eq!(written(&run)[0], gap);
        let forward = run.demand("d", pnilab::report::data::Direction::Forward);
        let m = &forward.events[0].measures;
        // Half of it rode p.
        assert_eq!(nanos(m.longest_gap_s), gap, "{count} at {rate}/s");
        assert_eq!(nanos(m.lost_s), gap / 2, "{count} at {rate}/s");
        assert_eq!(nanos(m.whole_gap_s), 0);
        assert_eq!((m.worst_delivered, m.disturbed, m.moved), (Some(0.5), 0.5, 0.5));
        // Back: every prefix is written, and nothing is lost.
        let back = &forward.events[1].measures;
        assert_eq!((nanos(back.lost_s), back.moved, back.disturbed), (0, 0.5, 0.0));
        let n_writes = i64::try_from(count).expect("small") * one;
        let up = run.became("rib", "198.51.100.0/24", "rb", "p/ipv4+q/ipv4");
        assert_eq!(written(&run)[1] - up[0], n_writes, "{count} at {rate}/s");
    }
}
