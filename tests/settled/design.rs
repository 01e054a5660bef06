//! Random designs: metros, rings and meshes, reflectors, policies, several networks, an exchange.

#![expect(clippy::format_push_string, reason = "a design is written line by line")]

use super::dice::Dice;

const LAGS: [&str; 9] = [
    "",
    "",
    "",
    "lacp: {interval: fast}",
    "lacp: {interval: fast}",
    "lacp: {interval: fast, aggregate_wait: 0s}",
    "lacp: {mode: passive, interval: fast}",
    "micro_bfd: {tx: 300ms, rx: 300ms, multiplier: 3}",
    "lacp: {interval: fast}, micro_bfd: {tx: 300ms, rx: 300ms, multiplier: 3}",
];

const IGPS: [&str; 5] = [
    "{kind: isis, hello: 1s, dead: 3s}",
    "{kind: isis, hello: 1s, dead: 3s}",
    "{kind: ospf, hello: 1s, dead: 4s}",
    "{kind: isis, hello: 1s, dead: 3s, frr: lfa, frr_delay: 10ms}",
    "{kind: static}",
];

const BGPS: [&str; 4] = [
    "{hold: 9s, connect_retry: 5s, idle_hold_max: 4s}",
    "{hold: 3s, connect_retry: 4s, idle_hold: 500ms, idle_hold_max: 2s}",
    "{hold: 30s, connect_retry: 5s, idle_hold_max: 4s}",
    "{hold: 9s, connect_retry: 3s, idle_hold_max: 4s, mrai: 2s}",
];

const MULTIPATHS: [&str; 5] = [
    "{}",
    "{ebgp: 4, ibgp: 4}",
    "{ebgp: 4, ibgp: 4, relax: true}",
    "{ebgp: 2, ibgp: 1}",
    "{ebgp: 4, ibgp: 4, weights: bandwidth}",
];

const CIRCUITS: [&str; 6] = [
    "length: 100m",
    "length: 40km",
    "length: 500km",
    "length: 50km, transport: {signal_forwarding: true, hold_off: 20ms}",
    "length: 50km, transport: {protection: protected, switch_time: 30ms}",
    "length: 50km, transport: {}",
];

/// A random design as a file.
pub(crate) struct Design {
    dice: Dice,
    /// The network of each router.
    networks: Vec<usize>,
    sites: Vec<&'static str>,
    kinds: usize,
    links: String,
    pnis: String,
    pni_names: Vec<(String, usize)>,
}

impl Design {
    pub(crate) fn text(seed: u64) -> String {
        let mut dice = Dice::new(seed, "settled/design");
        let kinds = [1, 2, 2, 2, 3, 3][dice.below(6)];
        let mut networks = Vec::new();
        for network in 0..kinds {
            for _ in 0..=dice.below(if kinds == 1 { 5 } else { 3 }) {
                networks.push(network);
            }
        }
        let sites = networks.iter().map(|_| *dice.pick(&["a", "b", "c", "d"])).collect();
        let (links, pnis) = (String::new(), String::new());
        let mut design = Self { dice, networks, sites, kinds, links, pnis, pni_names: Vec::new() };
        design.join_inside();
        design.join_outside();
        design.write()
    }

    fn of(&self, network: usize) -> Vec<usize> {
        (0..self.networks.len()).filter(|router| self.networks[*router] == network).collect()
    }

    /// Chains, rings and meshes inside networks.
    fn join_inside(&mut self) {
        let mut count = 0;
        for network in 0..self.kinds {
            let routers = self.of(network);
            let shape = self.dice.below(3);
            for (place, b) in routers.iter().enumerate() {
                for (before, a) in routers[..place].iter().enumerate() {
                    let next = before + 1 == place;
                    let closes = before == 0 && place + 1 == routers.len();
                    if next || (shape == 1 && closes) || shape == 2 {
                        let metric = [10, 10, 10, 20, 30][self.dice.below(5)];
                        let keys = format!("metric: {metric}, ");
                        let name = format!("l{count}");
                        let bfd = self.bfd("");
                        let text = self.lag(&name, [*a, *b], &format!("{keys}{bfd}"));
                        self.links += &text;
                        count += 1;
                    }
                }
            }
        }
    }

    fn bfd(&mut self, more: &str) -> String {
        if self.dice.chance(30) {
            format!("bfd: {{tx: 300ms, rx: 300ms, multiplier: 3{more}}}, ")
        } else {
            String::new()
        }
    }

    fn join_outside(&mut self) {
        for b in 0..self.kinds {
            for a in 0..b {
                let relations = ["peer", "customer", "provider"];
                let usual = *self.dice.pick(&relations);
                for _ in 0..=self.dice.below(3) {
                    let odd = self.dice.chance(7);
                    let relation = if odd { *self.dice.pick(&relations) } else { usual };
                    let (from, to) = (self.of(a), self.of(b));
                    let ends = [*self.dice.pick(&from), *self.dice.pick(&to)];
                    let name = format!("p{}", self.pni_names.len());
                    self.pni(&name, ends, relation);
                    self.pni_names.push((name, a));
                }
            }
        }
    }

    fn pni(&mut self, name: &str, ends: [usize; 2], relation: &str) {
        let strict = if self.dice.chance(20) { ", strict: true" } else { "" };
        let bfd = self.bfd(strict);
        let graceful = if self.dice.chance(20) {
            let long = *self.dice.pick(&["", "long_lived: 60s, "]);
            format!("graceful_restart: {{{long}restart_time: 20s, stale_time: 30s}}, ")
        } else {
            String::new()
        };
        let bfd = format!("{bfd}{graceful}");
        let v6 = if self.dice.chance(30) { ", ipv6: {}" } else { "" };
        let sides: Vec<String> = ends
            .iter()
            .map(|end| {
                let keys = [self.policies(), self.shaping()];
                let keys: Vec<String> = keys.into_iter().filter(|key| !key.is_empty()).collect();
                format!("r{end}: {{{}}}", keys.join(", "))
            })
            .collect();
        let keys = format!(
            "relation: {relation}, sessions: {{ipv4: {{{}}}{v6}}},\n     sides: {{{}}}, ",
            bfd.trim_end_matches(", "),
            sides.join(", ")
        );
        let text = self.lag(name, ends, &keys);
        self.pnis += &text;
    }

    /// What one end does with traffic.
    fn shaping(&mut self) -> String {
        let keys = ["policer: {in: 5G}", "policer: {out: 4G}", "qos: {strict_priority: gold}"];
        if self.dice.chance(15) { (*self.dice.pick(&keys)).to_owned() } else { String::new() }
    }

    /// Import and export of one end.
    fn policies(&mut self) -> String {
        let mut all = Vec::new();
        if self.dice.chance(35) {
            let set = *self.dice.pick(&[
                "set: {local_pref: 90}, ",
                "set: {local_pref: 110}, ",
                "set: {local_pref: 200}, ",
                "set: {med: by_distance}, ",
                "match: {as_path_at_most: 2}, ",
            ]);
            all.push(format!("import: [{{name: i, {set}then: accept}}]"));
        }
        if self.dice.chance(30) {
            let set = *self.dice.pick(&[
                "set: {prepend: 1}, ",
                "set: {med: 10}, ",
                "set: {med: 20}, ",
                "set: {communities: {add: [\"65535:65281\"]}}, ",
            ]);
            all.push(format!("export: [{{name: e, {set}then: accept}}]"));
        }
        all.join(", ")
    }

    fn lag(&mut self, name: &str, [a, b]: [usize; 2], keys: &str) -> String {
        let count = [1, 1, 2, 2, 3][self.dice.below(5)];
        let (circuits, lag) = self.bundle(name, count);
        format!("  {name}: {{ends: [r{a}, r{b}], {keys}{lag},\n     circuits: {{{circuits}}}}}\n")
    }

    fn bundle(&mut self, name: &str, count: usize) -> (String, String) {
        let circuit = *self.dice.pick(&CIRCUITS);
        let srlgs: Vec<usize> = (0..count).map(|_| self.dice.below(5)).collect();
        // What runs through a span has its length.
        let spans: Vec<usize> = (0..count).map(|_| self.dice.below(6)).collect();
        let one = |(i, srlg): (usize, &usize)| {
            let span = match (spans[i], circuit.strip_prefix("length: 40km")) {
                (span @ (0 | 1), Some(_)) => format!("via: [f{span}]"),
                _ => circuit.to_owned(),
            };
            format!("{name}-{i}: {{speed: 10G, srlgs: [g{srlg}], {span}}}")
        };
        let circuits: Vec<String> = srlgs.iter().enumerate().map(one).collect();
        let min_links = 1 + self.dice.below(count);
        let keys = *self.dice.pick(&LAGS);
        let comma = if keys.is_empty() { "" } else { ", " };
        (circuits.join(", "), format!("lag: {{min_links: {min_links}{comma}{keys}}}"))
    }

    fn write(&mut self) -> String {
        let mut text = "pnilab: topology/1\nmetros:\n".to_owned();
        for (metro, at) in [("m0", "52, 5"), ("m1", "50, 8"), ("m2", "48, 2")] {
            text += &format!("  {metro}: {{position: [{at}]}}\n");
        }
        text += "sites:\n";
        for (site, metro) in [("a", 0), ("b", 0), ("c", 1), ("d", 2)] {
            text += &format!(
                "  s{site}: {{metro: m{metro}, power_feeds: {{x: {{srlgs: [g0]}}, y: {{}}}}}}\n"
            );
        }
        text += "spans:\n  f0: {between: [sa, sc], length: 40km, srlgs: [g1]}\n  \
                 f1: {between: [sb, sd], length: 70km}\n";
        text += "srlgs: {g0: {}, g1: {}, g2: {}, g3: {}, g4: {}}\nnetworks:\n";
        for network in 0..self.kinds {
            text += &self.network(network);
        }
        text += "routers:\n";
        for (router, network) in self.networks.clone().into_iter().enumerate() {
            let site = self.sites[router];
            let feeds = *self.dice.pick(&["", ", feeds: [x]", ", feeds: [x, y]"]);
            let stateful = if self.dice.chance(4) { ", stateful: true" } else { "" };
            let prunes = if self.dice.chance(15) { ", prune_unreachable: 2s" } else { "" };
            text += &format!(
                "  r{router}: {{network: n{network}, site: s{site}{feeds}, reload: 3s{prunes}{stateful}}}\n"
            );
        }
        let section = |title: &str, body: &str| match body {
            "" => format!("{title}: {{}}\n"),
            body => format!("{title}:\n{body}"),
        };
        text += &section("links", &self.links);
        text += &section("pnis", &self.pnis);
        text += &self.exchange();
        text += &self.traffic();
        text
    }

    fn network(&mut self, network: usize) -> String {
        let routers = self.of(network);
        let [igp, bgp, multipath] = [&IGPS[..], &BGPS, &MULTIPATHS].map(|all| *self.dice.pick(all));
        let mode = if self.dice.chance(35) {
            let first = *self.dice.pick(&routers);
            let second = *self.dice.pick(&routers);
            let more = *self.dice.pick(&["", "", ", add_path: true", ", best_external: true"]);
            let both = if first == second { String::new() } else { format!(", r{second}") };
            format!("mode: reflection, reflectors: [r{first}{both}]{more}")
        } else {
            let more = *self.dice.pick(&["", "", "", ", best_external: true"]);
            format!("mode: full_mesh{more}")
        };
        let next_hop_self = self.dice.chance(60);
        let oldest = if self.dice.chance(4) { ", prefer_oldest: true" } else { "" };
        let asn = 64500 + network;
        format!(
            "  n{network}: {{asn: {asn}, igp: {igp}, bgp: {bgp}, multipath: {multipath},\n      \
             next_hop_self: {next_hop_self}{oldest}, ibgp: {{{mode}}}}}\n"
        )
    }

    /// An exchange at which each network has a port.
    fn exchange(&mut self) -> String {
        if self.kinds < 2 || !self.dice.chance(35) {
            return String::new();
        }
        let mut members = Vec::new();
        let mut ports = String::new();
        for network in 0..self.kinds {
            let routers = self.of(network);
            let router = *self.dice.pick(&routers);
            members.push(router);
            let count = 1 + self.dice.below(2);
            let (circuits, lag) = self.bundle(&format!("x{router}"), count);
            let lag = lag.replace("mode: passive, ", "");
            ports += &format!(
                "      port{router}: {{router: r{router}, {lag}, circuits: {{{circuits}}}}}\n"
            );
        }
        let mut sessions = String::new();
        if self.dice.chance(60) {
            let (a, b) = (members[0], members[1]);
            sessions = format!("    sessions: {{r{a}--r{b}: {{relation: peer, ipv4: {{}}}}}}\n");
        }
        let mut servers = String::new();
        if sessions.is_empty() || self.dice.chance(60) {
            let clients: Vec<String> =
                members.iter().map(|router| format!("r{router}: {{ipv4: {{}}}}")).collect();
            let clients = clients.join(", ");
            servers =
                format!("    route_servers: {{rs: {{asn: 64999, clients: {{{clients}}}}}}}\n");
        }
        format!("exchanges:\n  ix:\n    site: sa\n    ports:\n{ports}{sessions}{servers}")
    }

    fn traffic(&mut self) -> String {
        let mut text = "prefixes:\n".to_owned();
        let mut known: Vec<(String, Vec<usize>)> = Vec::new();
        for network in 0..self.kinds {
            let routers = self.of(network);
            for n in 0..=self.dice.below(2) {
                let mut at = vec![*self.dice.pick(&routers), *self.dice.pick(&routers)];
                at.sort_unstable();
                at.dedup();
                if self.dice.chance(60) {
                    at.truncate(1);
                }
                let names: Vec<String> = at.iter().map(|router| format!("r{router}")).collect();
                let prefix = format!("10.{network}.{}.0/24", n * 2);
                let count = [1, 1, 40][self.dice.below(3)];
                let serves = |site: &str| at.iter().any(|router| self.sites[*router] == site);
                let mut others = routers.iter().map(|router| self.sites[*router]);
                let other = others.find(|site| !serves(site)).filter(|_| self.dice.chance(25));
                let service = other.map_or(String::new(), |site| {
                    format!(", service: {{standby: s{site}, takeover: 5s}}")
                });
                text += &format!(
                    "  {prefix}: {{network: n{network}, routers: [{}], count: {count}{service}}}\n",
                    names.join(", ")
                );
                known.push((prefix, at));
            }
            let own: Vec<String> = self
                .pni_names
                .iter()
                .filter(|(_, a)| *a == network)
                .map(|(name, _)| name.clone())
                .collect();
            if !own.is_empty() && self.dice.chance(25) {
                let (pni, router) = (self.dice.pick(&own).clone(), *self.dice.pick(&routers));
                text += &format!(
                    "  10.{network}.0.0/26: {{network: n{network}, routers: r{router}, \
                     announce: {{pnis: {pni}}}}}\n"
                );
                known.push((format!("10.{network}.0.0/26"), vec![router]));
            }
        }
        if self.kinds > 1 {
            let (a, b) = (self.of(0)[0], self.of(1)[0]);
            text += &format!(
                "  2001:db8:a::/48: {{network: n0, routers: r{a}}}\n  \
                 2001:db8:b::/48: {{network: n1, routers: r{b}}}\n"
            );
            known.push(("2001:db8:a::/48".to_owned(), vec![a]));
            known.push(("2001:db8:b::/48".to_owned(), vec![b]));
        }
        text + &self.demands(&known)
    }

    fn demands(&mut self, known: &[(String, Vec<usize>)]) -> String {
        let mut text = "classes: {gold: {ok: 99%}, lead: {ok: 50%}}\ndemands:\n".to_owned();
        for demand in 0..2 + self.dice.below(3) {
            let (from, servers) = self.dice.pick(known).clone();
            let is_v6 = |prefix: &str| prefix.contains(':');
            let family: Vec<&(String, Vec<usize>)> =
                known.iter().filter(|(prefix, _)| is_v6(prefix) == is_v6(&from)).collect();
            let (to, _) = self.dice.pick(&family);
            let at = match servers[..] {
                [a, b] if self.dice.chance(50) => format!("{{r{a}: 60%, r{b}: 40%}}"),
                _ => format!("r{}", self.dice.pick(&servers)),
            };
            let class = *self.dice.pick(&["gold", "lead"]);
            let rate = [1, 3, 7, 12, 25][self.dice.below(5)];
            let back = [0, 2, 5][self.dice.below(3)];
            let metro = *self.dice.pick(&["", ", metro: m0"]);
            let flows = *self.dice.pick(&[
                "",
                "",
                "",
                ", flows: 7",
                ", flows: {count: 9, hash: resilient}",
            ]);
            text += &format!(
                "  d{demand}: {{at: {at}, class: {class}, from: {from}, to: {to}, rate: {rate}G, \
                 return_rate: {back}G{metro}{flows}}}\n"
            );
        }
        text
    }
}
