//! Routing policies: terms with parsed prefixes and communities.

use std::collections::BTreeMap;

use ipnet::IpNet;

use super::report::{Names, Report};
use crate::diag::{Code, Related, Span};
use crate::ids::RouterId;
use crate::input::sp::{List, Sp, Text, TextOrMap};
use crate::model::raw::policy::{
    RawLength, RawMatch, RawMed, RawOrigin, RawPrefixMatch, RawSet, RawTerm, RawThen, RawValidity,
};
use crate::proto::bgp::attrs::{Community, Origin};
use crate::proto::bgp::policy::{Match, Med, Policy, PrefixMatch, Set, Term, Then};
use crate::proto::bgp::rpki::Validity;

/// The word for a MED that follows from where a prefix is served.
pub(super) const BY_DISTANCE: &str = "by_distance";

/// The policy a list of terms means; errors are reported.
pub(super) fn policy(
    raw: &List<RawTerm>,
    routers: &Names<RouterId>,
    report: &mut Report,
) -> Policy {
    let mut names: BTreeMap<&str, Span> = BTreeMap::new();
    let terms = raw
        .iter()
        .map(|term| {
            report.check_name(term.name.span, &term.name);
            if let Some(first) = names.insert(&term.name, term.name.span) {
                let message = format!("two terms have the name `{}`", *term.name);
                let label = "first here".to_owned();
                let error = report.at(term.name.span, Code::DeclaredTwice, message);
                error.related.push(Related { span: first, label });
            }
            self::term(term, routers, report)
        })
        .collect();
    Policy { terms }
}

/// What one term means; errors are reported.
pub(in crate::model) fn term(
    raw: &RawTerm,
    routers: &Names<RouterId>,
    report: &mut Report,
) -> Term {
    Term {
        name: raw.name.to_string(),
        matches: raw
            .matches
            .as_deref()
            .map_or_else(Match::default, |m| matches(m, routers, report)),
        set: raw.set.as_deref().map_or_else(Set::default, |set| changes(set, report)),
        then: match *raw.then {
            RawThen::Accept => Then::Accept,
            RawThen::Reject => Then::Reject,
            RawThen::Next => Then::Next,
        },
    }
}

fn matches(raw: &RawMatch, routers: &Names<RouterId>, report: &mut Report) -> Match {
    Match {
        prefix: raw.prefix.iter().filter_map(|prefix| prefix_match(prefix, report)).collect(),
        length: raw.length.as_ref().map(|length| length_range(length, report)),
        community: communities(&raw.community, report),
        as_path_contains: raw.as_path_contains.iter().map(|asn| **asn).collect(),
        as_path_at_most: raw.as_path_at_most.as_deref().copied(),
        origin: raw
            .origin
            .iter()
            .map(|origin| match **origin {
                RawOrigin::Igp => Origin::Igp,
                RawOrigin::Egp => Origin::Egp,
                RawOrigin::Incomplete => Origin::Incomplete,
            })
            .collect(),
        neighbor_as: raw.neighbor_as.iter().map(|asn| **asn).collect(),
        neighbor: routers.find_all(&raw.neighbor, report),
        rpki: raw
            .rpki
            .iter()
            .map(|state| match **state {
                RawValidity::Valid => Validity::Valid,
                RawValidity::Invalid => Validity::Invalid,
                RawValidity::NotFound => Validity::NotFound,
            })
            .collect(),
    }
}

fn prefix_match(
    raw: &Sp<TextOrMap<Text<IpNet>, RawPrefixMatch>>,
    report: &mut Report,
) -> Option<PrefixMatch> {
    match &**raw {
        TextOrMap::Text(text) => {
            let prefix = prefix(raw.span, text.as_str(), report)?;
            Some(PrefixMatch { prefix, ge: prefix.prefix_len(), le: prefix.max_prefix_len() })
        }
        TextOrMap::Map(map) => {
            let prefix = prefix(map.prefix.span, map.prefix.as_str(), report)?;
            let ge = map.ge.as_deref().copied().unwrap_or(prefix.prefix_len());
            let le = map.le.as_deref().copied().unwrap_or(prefix.max_prefix_len());
            if !(prefix.prefix_len() <= ge && ge <= le && le <= prefix.max_prefix_len()) {
                let span = map.le.as_ref().or(map.ge.as_ref()).map_or(raw.span, |sp| sp.span);
                let message = format!(
                    "`ge` and `le` must lie in order between {} and {}",
                    prefix.prefix_len(),
                    prefix.max_prefix_len()
                );
                report.at(span, Code::OutOfRange, message);
            }
            Some(PrefixMatch { prefix, ge, le })
        }
    }
}

fn length_range(raw: &Sp<RawLength>, report: &mut Report) -> (u8, u8) {
    let least = raw.at_least.as_deref().copied().unwrap_or(0);
    let most = raw.at_most.as_deref().copied().unwrap_or(128);
    if least > most || most > 128 {
        let message = "lengths are at most 128, and `at_least` is not above `at_most`";
        report.at(raw.entry, Code::OutOfRange, message);
    }
    (least, most)
}

/// The communities that texts mean; errors are reported.
pub(super) fn communities(raw: &[Sp<Text<Community>>], report: &mut Report) -> Vec<Community> {
    raw.iter().filter_map(|community| report.address(community)).collect()
}

fn med(raw: &Sp<RawMed>, report: &mut Report) -> Option<Med> {
    if raw.as_str() == BY_DISTANCE {
        return Some(Med::ByDistance);
    }
    let value = raw.as_str().parse().map(Med::Value).ok();
    if value.is_none() {
        let message = format!("`{}` is no MED", raw.as_str());
        let hint = "a number up to 4294967295, or `by_distance`";
        report.hinted(raw.span, Code::OutOfRange, message, hint);
    }
    value
}

fn changes(raw: &RawSet, report: &mut Report) -> Set {
    let changed = raw.communities.as_deref();
    Set {
        local_pref: raw.local_pref.as_deref().copied(),
        med: raw.med.as_ref().and_then(|med| self::med(med, report)),
        prepend: raw.prepend.as_deref().copied().unwrap_or(0),
        remove: changed.map_or_else(Vec::new, |c| communities(&c.remove, report)),
        add: changed.map_or_else(Vec::new, |c| communities(&c.add, report)),
        clear: changed.and_then(|c| c.clear.as_deref().copied()).unwrap_or(false),
    }
}

/// The prefix a text means, in canonical form; errors are reported.
pub(super) fn prefix(span: Span, text: &str, report: &mut Report) -> Option<IpNet> {
    let Ok(prefix) = text.parse::<IpNet>() else {
        let message = format!("`{text}` is not a prefix");
        report.hinted(span, Code::BadAddress, message, "as in 198.51.100.0/24 or 2001:db8::/32");
        return None;
    };
    if prefix != prefix.trunc() {
        let message = format!("`{text}` has bits set behind its length");
        let hint = format!("did you mean `{}`?", prefix.trunc());
        report.hinted(span, Code::BadAddress, message, hint);
        return None;
    }
    Some(prefix)
}
