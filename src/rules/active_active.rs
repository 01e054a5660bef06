//! R4: all sessions of a location in use at the same time.

use std::collections::BTreeMap;

use super::design::{Location, Pni};
use super::found::{Finding, Found, listed, quoted};
use super::lab::{Lab, failed, silent};
use super::routes::{Fate, Way};
use super::{Case, Example, Rule};
use crate::diag::Span;
use crate::ids::{PrefixId, RouterId, Side};
use crate::model::requirements::RuleId;
use crate::proto::bgp::attrs::DEFAULT_LOCAL_PREF;
use crate::report::data::{EvidenceRow, Severity};
use crate::report::number::{part, percent};
use crate::settled::Element;
use crate::units::Share;

pub(super) const RULE: Rule = Rule {
    id: RuleId::R4,
    title: "sessions active-active",
    means: "All sessions of a location carry traffic at the same time with equal preference; none is a \
            backup of another there.",
    checked: "The policies of both ends are run on every prefix of both sides: the sessions of a \
              location must tell and take the same prefixes, with equal LOCAL_PREF, equally long \
              AS paths and none kept from one of them by `announce`. Then traffic is looked at as \
              it settles: of n PNIs each carries its share, both directions together (of two, 30 % \
              at least each: `active_share`); one that carries nothing is a backup whatever the \
              policies say. Less than its share is minor. A MED that differs is a note: the \
              provider may overwrite it.",
    exposed_by: "Failure of the primary disturbs all flows instead of half of them. And a silent fault of the \
                 backup stays unseen until it is needed: `circuit_silent` on the backup, then `pni_cut` on \
                 the primary.",
    fix: "Give all sessions of the location the same policies (LOCAL_PREF, prepends, prefixes) and let BGP \
          use as many paths as there are PNIs (`multipath`).",
    examples: &[
        Example {
            passes: "    sides: {ct-ams-2: *to-microsoft}",
            fails: "    sides: {ct-ams-2: {<<: *to-microsoft, export: [{name: ours, set: {prepend: 1, \
                    communities: {add: [\"8075:8007\"]}}, then: accept}]}}",
        },
        Example {
            passes: "     multipath: {ebgp: 16, ibgp: 16, relax: false}, next_hop_self: true}",
            fails: "     next_hop_self: true}",
        },
    ],
    check,
};

fn check(case: &Case<'_>, found: &mut Found) {
    for location in &case.design.locations {
        let location = &in_use(case, location);
        if location.pnis.len() < 2 {
            continue;
        }
        let odd = odd_policies(case, location);
        let is_odd = makes_a_difference(&odd);
        for mut finding in odd {
            finding.evidence = evidence(case, location, &finding.subject);
            found.add(finding);
        }
        if !is_odd {
            shares(case, location, found);
        }
    }
}

/// The location with those PNIs only that come up and are in service: what is wrong with others is the
/// matter of other rules.
fn in_use(case: &Case<'_>, location: &Location) -> Location {
    let outcome = case.lab.outcome(&[]);
    let up = |pni: &Pni| {
        let sessions = &case.design.topology.lags[pni.lag].sessions;
        case.design.is_active(*pni) && sessions.iter().any(|id| outcome.sessions[*id])
    };
    Location { pnis: location.pnis.iter().copied().filter(up).collect(), ..location.clone() }
}

/// Whether the policies of a location make a difference between its sessions.
pub(super) fn is_odd(case: &Case<'_>, location: &Location) -> bool {
    makes_a_difference(&odd_policies(case, &in_use(case, location)))
}

/// Whether more was found than what the provider may overwrite.
fn makes_a_difference(odd: &[Finding]) -> bool {
    odd.iter().any(|finding| finding.severity > Severity::Note)
}

/// What is compared between the sessions of a location.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Aspect {
    Told,
    Path,
    Taken,
    Preference,
    Med,
}

impl Aspect {
    const ALL: [Self; 5] = [Self::Told, Self::Path, Self::Taken, Self::Preference, Self::Med];
}

/// How one session treats a prefix: `None` where the step before has stopped it.
struct Treatment {
    way: Way,
    /// What is written of each aspect, and the side and policy that decides it.
    values: Vec<(Aspect, u64)>,
    told: Term,
    taken: Term,
}

/// The term that decided, if a policy did, and whether it was `announce` that did.
struct Term {
    name: Option<String>,
    is_announce: bool,
}

impl Term {
    fn of(fate: &Fate<'_>) -> Self {
        Self { name: fate.term().map(str::to_owned), is_announce: *fate == Fate::NotAnnounced }
    }
}

fn treatment(case: &Case<'_>, way: Way, prefix: PrefixId) -> Option<Treatment> {
    let told = case.design.told(way, prefix);
    if told == Fate::NotOriginated {
        return None;
    }
    let mut values = vec![(Aspect::Told, u64::from(told.attributes().is_some()))];
    let mut taken_term = Term { name: None, is_announce: false };
    if let Some(attributes) = told.attributes() {
        values.push((Aspect::Path, attributes.as_path.len() as u64));
        values.push((Aspect::Med, u64::from(attributes.med.unwrap_or(0))));
        let taken = case.design.taken(way, prefix, attributes);
        values.push((Aspect::Taken, u64::from(taken.attributes().is_some())));
        if let Some(attributes) = taken.attributes() {
            let preference = attributes.local_pref.unwrap_or(DEFAULT_LOCAL_PREF);
            values.push((Aspect::Preference, u64::from(preference)));
        }
        taken_term = Term::of(&taken);
    }
    Some(Treatment { way, values, told: Term::of(&told), taken: taken_term })
}

/// Sessions whose policies make them unlike the others of the location.
fn odd_policies(case: &Case<'_>, location: &Location) -> Vec<Finding> {
    let design = case.design;
    let own = design.infrastructure(location.partner);
    let all = own.iter().map(|prefix| (*prefix, true));
    let all = all.chain(design.provided().into_iter().map(|prefix| (prefix, false)));
    let mut odd: BTreeMap<(Pni, Aspect, bool), Odd> = BTreeMap::new();
    for (prefix, is_own) in all {
        let here = treatments(case, &location.pnis, prefix, is_own);
        let pnis: Vec<Pni> =
            design.pnis.iter().copied().filter(|pni| pni.partner == location.partner).collect();
        let everywhere = treatments(case, &pnis, prefix, is_own);
        for aspect in Aspect::ALL.into_iter().filter(|aspect| is_own || *aspect != Aspect::Med) {
            let values: Vec<(usize, u64)> = here
                .iter()
                .enumerate()
                .filter_map(|(place, one)| Some((place, value(one, aspect)?)))
                .collect();
            let Some(usual) = usual(aspect, &values, &everywhere) else { continue };
            for (place, value) in values.iter().filter(|(_, value)| *value != usual) {
                let one = &here[*place];
                let key = (one.way.pni, aspect, is_own);
                let entry = odd.entry(key).or_insert_with(|| Odd {
                    value: *value,
                    usual,
                    span: place_of(case, one, aspect, prefix),
                    prefixes: Vec::new(),
                });
                entry.prefixes.push(design.topology.prefixes[prefix].prefix.to_string());
            }
        }
    }
    odd.into_iter().map(|(key, odd)| told(case, location, key, &odd)).collect()
}

/// One aspect in which a PNI is unlike the others.
struct Odd {
    value: u64,
    usual: u64,
    span: Span,
    prefixes: Vec<String>,
}

fn treatments(case: &Case<'_>, pnis: &[Pni], prefix: PrefixId, is_own: bool) -> Vec<Treatment> {
    let ways = case.design.ways(pnis, prefix, is_own);
    ways.into_iter().filter_map(|way| treatment(case, way, prefix)).collect()
}

fn value(one: &Treatment, aspect: Aspect) -> Option<u64> {
    one.values.iter().find(|(known, _)| *known == aspect).map(|(_, value)| *value)
}

/// The value that is not odd; `None` where all of a location have the same.
///
/// Told and taken are better than not, a short path than a long one. Of preferences, the one that most
/// sessions of the design give is not odd; of as many, the default; then the highest.
fn usual(aspect: Aspect, here: &[(usize, u64)], everywhere: &[Treatment]) -> Option<u64> {
    let (_, first) = here.first()?;
    if here.iter().all(|(_, value)| value == first) {
        return None;
    }
    let values = here.iter().map(|(_, value)| *value);
    match aspect {
        Aspect::Told | Aspect::Taken => values.max(),
        Aspect::Path | Aspect::Med => values.min(),
        Aspect::Preference => values.max_by_key(|value| {
            let so_often =
                everywhere.iter().filter(|one| self::value(one, aspect) == Some(*value)).count();
            (so_often, *value == u64::from(DEFAULT_LOCAL_PREF), *value)
        }),
    }
}

fn place_of(case: &Case<'_>, one: &Treatment, aspect: Aspect, prefix: PrefixId) -> Span {
    let way = one.way;
    let (side, policy, term, path): (Side, &str, &Term, &[&str]) = match aspect {
        Aspect::Told => (way.from, "export", &one.told, &[]),
        Aspect::Path => (way.from, "export", &one.told, &["set", "prepend"]),
        Aspect::Med => (way.from, "export", &one.told, &["set", "med"]),
        Aspect::Taken => (way.from.other(), "import", &one.taken, &[]),
        Aspect::Preference => (way.from.other(), "import", &one.taken, &["set", "local_pref"]),
    };
    if term.is_announce {
        return case.design.place_of_prefix(prefix, &["announce"]);
    }
    let name: Vec<&str> = term.name.as_deref().into_iter().collect();
    case.design.place_of_term(way.pni, (side, way.family), policy, &[&name, path].concat())
}

fn told(
    case: &Case<'_>,
    location: &Location,
    (pni, aspect, is_own): (Pni, Aspect, bool),
    odd: &Odd,
) -> Finding {
    let design = case.design;
    let name = design.pni_name(pni);
    let others: Vec<String> = location
        .pnis
        .iter()
        .filter(|other| **other != pni)
        .map(|other| quoted(design.pni_name(*other)))
        .collect();
    let (teller, taker) =
        if is_own { ("the partner", "the provider") } else { ("the provider", "the partner") };
    let prefixes: Vec<String> = odd.prefixes.iter().map(|prefix| quoted(prefix)).collect();
    let what = match aspect {
        Aspect::Told => format!("{teller} does not announce {} on it", listed(&prefixes)),
        Aspect::Path => format!(
            "{teller} lengthens the AS path on it to {} instead of {}",
            odd.value, odd.usual
        ),
        Aspect::Taken => format!("{taker} does not take {} on it", listed(&prefixes)),
        Aspect::Preference => {
            format!("{taker} gives its routes LOCAL_PREF {} instead of {}", odd.value, odd.usual)
        }
        Aspect::Med => format!("{teller} tells MED {} instead of {}", odd.value, odd.usual),
    };
    let message = format!(
        "`{name}` is not used like {} in {} `{}`: {what}",
        listed(&others),
        location.word(),
        location.name
    );
    let finding = case.finding("pni", name, odd.span);
    if aspect == Aspect::Med {
        // Whether it makes a difference is the provider's choice: traffic shows it.
        let fix = "tell the same MED on all sessions; Microsoft overwrites what it is told";
        return finding.at_most(Severity::Note).says(message, fix);
    }
    finding.says(message, RULE.fix)
}

/// What each PNI of the location carries when all is well.
fn carried(case: &Case<'_>, location: &Location) -> Option<Vec<(Pni, u64)>> {
    let outcome = case.lab.outcome(&[]);
    Lab::delivered(&outcome)?;
    let all: Option<Vec<(Pni, u64)>> = location
        .pnis
        .iter()
        .map(|pni| Some((*pni, Lab::carried(&outcome, *pni)?.as_bps())))
        .collect();
    all.filter(|all| all.iter().any(|(_, bps)| *bps > 0))
}

/// PNIs that carry less than their share although no policy is odd.
fn shares(case: &Case<'_>, location: &Location, found: &mut Found) {
    let design = case.design;
    let place = format!("{} `{}`", location.word(), location.name);
    let Some(carried) = carried(case, location) else {
        found.unknown(format!(
            "what share each session carries in {place}: no demand crosses there, or its way is not certain"
        ));
        if case.lab.demands.is_empty() {
            one_path(case, location, found);
        }
        return;
    };
    let sum: u64 = carried.iter().map(|(_, bps)| bps).sum();
    let count = carried.len() as u64;
    // Of two, `active_share`; of n, so many n-ths of its double.
    let least = u128::from(case.limits.active_share.as_ppb()) * 2 / u128::from(count);
    for (pni, bps) in &carried {
        let share = u128::from(*bps) * u128::from(Share::ONE.as_ppb()) / u128::from(sum);
        if share >= least {
            continue;
        }
        let name = design.pni_name(*pni);
        if let Some(router) = starts_elsewhere(case, *pni) {
            found.unknown(format!(
                "whether `{name}` would carry its share in {place}: all demands start at routers that end \
                 other PNIs, such as `{router}`, and leave over those"
            ));
            continue;
        }
        let message =
            format!("`{name}` carries {} of the traffic of {place}", percent(part(*bps, sum)));
        let (severity, message) = if *bps == 0 {
            (case.severity, format!("{message}: it is a backup, though no policy makes it one"))
        } else {
            (Severity::Minor, format!("{message}, less than its share"))
        };
        let (span, fix) = narrow(case, location).unwrap_or_else(|| {
            let fix = "look at metrics, where services stand and where traffic enters: equal paths need \
                       equal distances";
            (design.place_of_pni(*pni), fix.to_owned())
        });
        let finding = case.finding("pni", name, span).at_most(severity).says(message, fix);
        found.add(finding.shown_by(evidence(case, location, name)));
    }
}

/// A router at which demands start, if all of them start at ends of PNIs and none at one of this.
fn starts_elsewhere<'c>(case: &Case<'c>, pni: Pni) -> Option<&'c str> {
    let (design, demands) = (case.design, &case.design.topology.demands);
    let ends = |pni: &Pni| Side::BOTH.map(|side| design.router(*pni, side));
    let all: Vec<RouterId> = design.pnis.iter().flat_map(ends).collect();
    let starts = case.lab.demands.iter().flat_map(|id| demands[*id].at.iter().map(|(at, _)| *at));
    let starts: Vec<RouterId> = starts.collect();
    let elsewhere = starts.iter().all(|at| all.contains(at) && !ends(&pni).contains(at));
    starts.first().filter(|_| elsewhere).map(|router| design.router_name(*router))
}

/// Without traffic to look at: a network that uses fewer paths than there are PNIs.
fn one_path(case: &Case<'_>, location: &Location, found: &mut Found) {
    let Some((span, fix)) = narrow(case, location) else { return };
    let (word, name) = (location.word(), &location.name);
    let message =
        format!("the {} PNIs of {word} `{name}` may not all be used: {fix}", location.pnis.len());
    let finding = case.finding(word, name, span).at_most(Severity::Minor);
    found.add(finding.says(message, fix));
}

/// Where a network says how many equal paths it uses, if those are fewer than the location has PNIs, and
/// what to do about it.
fn narrow(case: &Case<'_>, location: &Location) -> Option<(Span, String)> {
    let design = case.design;
    let pni = *location.pnis.first()?;
    let networks = [pni.own.other(), pni.own]
        .map(|side| design.topology.routers[design.router(pni, side)].network);
    let wanted = u32::try_from(location.pnis.len()).unwrap_or(u32::MAX);
    let network = networks.into_iter().find(|network| {
        let paths = design.topology.networks[*network].multipath;
        paths.ebgp.max(paths.ibgp) < wanted
    })?;
    let name = &design.topology.networks[network].name;
    let fix = format!(
        "let `{name}` use {wanted} equal paths: `multipath: {{ebgp: {wanted}, ibgp: {wanted}}}`"
    );
    Some((design.place_of_network(network, "multipath"), fix))
}

/// What the shares are, and what a fault of the backup that nobody sees does.
fn evidence(case: &Case<'_>, location: &Location, odd: &str) -> Vec<EvidenceRow> {
    let design = case.design;
    let Some(carried) = carried(case, location) else { return Vec::new() };
    let sum: u64 = carried.iter().map(|(_, bps)| bps).sum();
    let shares: Vec<String> = carried
        .iter()
        .map(|(pni, bps)| format!("{} {}", design.pni_name(*pni), percent(part(*bps, sum))))
        .collect();
    let mut rows =
        vec![case.lab.evidence(&[], format!("shares of the traffic: {}", shares.join(", ")))];
    let quiet = carried.iter().min_by_key(|(pni, bps)| (*bps, design.pni_name(*pni) != odd));
    let busy = carried.iter().max_by_key(|(_, bps)| *bps);
    let (Some((quiet, idle)), Some((busy, _))) = (quiet, busy) else { return rows };
    let [quiet_pni, busy_pni] = [quiet, busy].map(|pni| Element::Lag(pni.lag));
    let told = format!("{} fails", design.pni_name(*busy));
    rows.push(case.lab.evidence(&[failed(busy_pni)], told));
    if *idle == 0 && quiet != busy {
        let outcome = case.lab.outcome(&[silent(quiet_pni)]);
        let sessions = &design.topology.lags[quiet.lag].sessions;
        let is_seen = sessions.iter().all(|id| !outcome.sessions[*id]);
        let seen = if is_seen { "its sessions go down" } else { "sessions of it stay up" };
        let told =
            format!("{} falls silent: {seen}, and no traffic shows it", design.pni_name(*quiet));
        rows.push(case.lab.evidence(&[silent(quiet_pni)], told));
        let told = "then the other fails too".to_owned();
        rows.push(case.lab.evidence(&[silent(quiet_pni), failed(busy_pni)], told));
    }
    rows
}
