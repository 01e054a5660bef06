//! The texts that stand for quantities, prefixes and communities, as patterns for editors.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::sp::Written;
use crate::proto::bgp::attrs::Community;
use crate::units::date::Date;
use crate::units::{BitRate, Length, PerSecond, Share, SimDuration};

impl Written for SimDuration {
    const NAME: &'static str = "Duration";
    const PATTERN: &'static str = r"^\d+(\.\d{1,9})? *(ns|us|µs|ms|s|m|h|d)$";
    const ABOUT: &'static str = "A length of time with its unit: ns, us, ms, s, m, h or d.";
}

impl Written for BitRate {
    const NAME: &'static str = "BitRate";
    const PATTERN: &'static str = r"^\d+(\.\d{1,9})? *(bps|[KkMGT](bps)?)$";
    const ABOUT: &'static str = "A rate in bit/s, decimal, as in 100G.";
}

impl Written for Length {
    const NAME: &'static str = "Length";
    const PATTERN: &'static str = r"^\d+(\.\d{1,9})? *k?m$";
    const ABOUT: &'static str = "A length in m or km.";
}

impl Written for Share {
    const NAME: &'static str = "Share";
    const PATTERN: &'static str = r"^\d+(\.\d{1,9})? *%$";
    const ABOUT: &'static str = "A share in percent, as in 99.99%.";
}

impl Written for PerSecond {
    const NAME: &'static str = "PerSecond";
    const PATTERN: &'static str = r"^\d+ */s$";
    const ABOUT: &'static str = "How many a second, as in 20000/s.";
}

impl Written for Community {
    const NAME: &'static str = "Community";
    const PATTERN: &'static str = r"^\d{1,5}:\d{1,5}$";
    const ABOUT: &'static str = "A standard community (RFC 1997), as in 8075:8007.";
}

impl Written for IpNet {
    const NAME: &'static str = "Prefix";
    const PATTERN: &'static str = r"^[0-9a-fA-F:.]+/\d{1,3}$";
    const ABOUT: &'static str = "An IPv4 or IPv6 prefix, as in 198.51.100.0/24.";
}

impl Written for Ipv4Addr {
    const NAME: &'static str = "Ipv4Address";
    const PATTERN: &'static str = r"^\d{1,3}(\.\d{1,3}){3}$";
    const ABOUT: &'static str = "An IPv4 address.";
}

impl Written for IpAddr {
    const NAME: &'static str = "Address";
    const PATTERN: &'static str = r"^[0-9a-fA-F:.]+$";
    const ABOUT: &'static str = "An IPv4 or IPv6 address.";
}

impl Written for Date {
    const NAME: &'static str = "Date";
    const PATTERN: &'static str = r"^\d{4}-\d{2}-\d{2}$";
    const ABOUT: &'static str = "A day, as in 2026-11-22.";
}
