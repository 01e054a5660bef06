//! How routers forward, and how fast they change it.

use super::Resolver;
use super::values::{Chain, Valued};
use crate::model::raw::values::{RawFib, RawRouterValues};
use crate::model::topology::FibMode;
use crate::units::{PerSecond, Share, SimDuration};

/// How a router writes its forwarding table, and what forwarding does by itself.
pub(super) struct Forwarding {
    pub(super) mode: FibMode,
    pub(super) rate: PerSecond,
    pub(super) delete_rate: PerSecond,
    pub(super) spread: Share,
    pub(super) prune_ecmp: bool,
    pub(super) prune_unreachable: SimDuration,
}

impl Resolver<'_> {
    pub(super) fn forwarding(
        &mut self,
        name: &str,
        chain: &Chain<'_, RawRouterValues>,
    ) -> Forwarding {
        let rate = chain.text("fib_rate", |v| v.fib_rate.as_ref());
        let mut delete_rate = chain.text("fib_delete_rate", |v| v.fib_delete_rate.as_ref());
        if rate.stated.is_some() && delete_rate.stated.is_none() {
            delete_rate = Valued { value: rate.value, stated: None, assumed: None };
        }
        let spread = chain.text("fib_rate_spread", |v| v.fib_rate_spread.as_ref());
        let prune = chain.plain(
            "prune_ecmp",
            |v| v.prune_ecmp.as_ref(),
            |stated: bool| stated,
            |text| text.parse().ok(),
        );
        let unreachable = chain.text("prune_unreachable", |v| v.prune_unreachable.as_ref());
        let pic_delay = chain.text("pic_delay", |v| v.pic_delay.as_ref());
        let fib = chain.plain(
            "fib",
            |v| v.fib.as_ref(),
            |stated| match stated {
                RawFib::PrefixByPrefix => FibMode::PrefixByPrefix,
                RawFib::Pic => FibMode::Pic(pic_delay.value),
            },
            |text| match text {
                "prefix_by_prefix" => Some(FibMode::PrefixByPrefix),
                "pic" => Some(FibMode::Pic(pic_delay.value)),
                _ => None,
            },
        );
        match fib.value {
            FibMode::PrefixByPrefix => {
                self.assume("router.fib_rate_spread", name, spread.if_not(&Share::ZERO));
                self.assume("router.fib_delete_rate", name, delete_rate.if_not(&rate.value));
                self.assume("router.fib_rate", name, rate.assumed);
            }
            FibMode::Pic(_) => self.assume("router.pic_delay", name, pic_delay.assumed),
        }
        self.assume("router.fib", name, fib.assumed);
        self.assume("router.prune_ecmp", name, prune.if_not(&false));
        let none = SimDuration::ZERO;
        self.assume("router.prune_unreachable", name, unreachable.if_not(&none));
        Forwarding {
            mode: fib.value,
            rate: rate.value,
            delete_rate: delete_rate.value,
            spread: spread.value,
            prune_ecmp: prune.value,
            prune_unreachable: unreachable.value,
        }
    }
}
