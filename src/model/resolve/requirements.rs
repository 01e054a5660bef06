//! What a design is checked against, what is declared about it, and what is waived.

use super::Resolver;
use crate::diag::Code;
use crate::input::sp::Sp;
use crate::model::raw::requirements::{RawDeclared, RawRuleOptions, RawWaiver};
use crate::model::requirements::{Declared, Noc, Requirements, RuleOptions, Waiver};
use crate::units::Share;
use crate::units::date::Date;

impl Resolver<'_> {
    pub(super) fn requirements(&mut self) {
        let raw = self.raw;
        let waivers = raw.waivers.iter().filter_map(|waiver| self.waiver(waiver)).collect();
        self.topology.requirements = Requirements {
            packs: raw.rules.iter().map(|pack| **pack).collect(),
            options: raw
                .rule_options
                .as_deref()
                .map_or_else(RuleOptions::default, |options| self.rule_options(options)),
            waivers,
        };
    }

    fn rule_options(&mut self, raw: &RawRuleOptions) -> RuleOptions {
        if let Some(length) = raw.longest_prefix.as_ref().filter(|n| !(8..=32).contains(&***n)) {
            let message = format!("`{}` is out of range: 8 to 32", **length);
            self.report.at(length.span, Code::OutOfRange, message);
        }
        let report = &mut self.report;
        let options = RuleOptions {
            location: raw.location.as_deref().copied(),
            active_share: raw.active_share.as_ref().and_then(|text| report.quantity(text)),
            upgrade_at: raw.upgrade_at.as_ref().and_then(|text| report.quantity(text)),
            minimum_port: raw.minimum_port.as_ref().and_then(|text| report.quantity(text)),
            longest_prefix: raw.longest_prefix.as_deref().copied(),
            metro_distance: raw.metro_distance.as_ref().and_then(|text| report.quantity(text)),
        };
        let half = Share::from_percent(50);
        let limited = [
            (raw.active_share.as_ref(), options.active_share, half, "50%"),
            (raw.upgrade_at.as_ref(), options.upgrade_at, Share::ONE, "100%"),
        ];
        for (text, share, most, shown) in limited {
            if let (Some(text), Some(share)) = (text, share)
                && share > most
            {
                let message = format!("`{share}` is out of range: 0% to {shown}");
                self.report.at(text.span, Code::OutOfRange, message);
            }
        }
        options
    }

    fn waiver(&mut self, raw: &Sp<RawWaiver>) -> Option<Waiver> {
        for (text, what) in [(&raw.subject, "subject"), (&raw.reason, "reason")] {
            if text.trim().is_empty() {
                let message = format!("the `{what}` of a waiver is empty");
                self.report.at(text.span, Code::MissingKey, message);
            }
        }
        let Ok(expires) = raw.expires.as_str().parse::<Date>() else {
            let message = format!("`{}` is no date", raw.expires.as_str());
            self.report.hinted(raw.expires.span, Code::BadDate, message, "as in 2026-11-22");
            return None;
        };
        Some(Waiver {
            rule: *raw.rule,
            subject: raw.subject.to_string(),
            reason: raw.reason.to_string(),
            expires,
            span: raw.rule.span,
        })
    }
}

/// What the owner of a network states.
pub(super) fn declared(raw: Option<&RawDeclared>) -> Declared {
    let Some(raw) = raw else { return Declared::default() };
    let text = |text: &Option<Sp<String>>| text.as_deref().cloned().unwrap_or_default();
    let most = raw.max_prefixes.as_deref();
    Declared {
        peer_asn: raw.peer_asn.as_deref().copied(),
        noc: raw.noc.as_deref().map(|noc| Noc {
            staffed: *noc.staffed,
            email: text(&noc.email),
            phone: text(&noc.phone),
        }),
        peeringdb: raw.peeringdb.as_deref().copied(),
        irr: raw.irr.as_deref().cloned(),
        manrs: raw.manrs.as_deref().copied(),
        business: raw.business.as_deref().copied(),
        static_routes: raw.static_routes.as_deref().copied(),
        max_prefixes: [
            most.and_then(|most| most.ipv4.as_deref().copied()),
            most.and_then(|most| most.ipv6.as_deref().copied()),
        ],
    }
}
