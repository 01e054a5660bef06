//! Metros, sites with their feeds, spans and shared-risk groups.

use super::Resolver;
use super::report::hole;
use crate::diag::Code;
use crate::ids::SiteId;
use crate::input::sp::{List, Sp};
use crate::model::topology::{Feed, Metro, Site, Span, Srlg, Zone};
use crate::units::Length;

impl Resolver<'_> {
    pub(super) fn places(&mut self) {
        let raw = self.raw;
        for (name, metro) in raw.metros.iter() {
            let position = metro.position.as_ref().map(|position| self.position(position));
            let often = metro.failures_per_year.as_ref();
            let risk = self.whole_risk(often, metro.repair.as_ref());
            self.topology.metros.push(Metro {
                name: name.to_string(),
                about: about(metro.about.as_ref()),
                position,
                risk,
            });
        }
        for (name, srlg) in raw.srlgs.iter() {
            let about = about(srlg.about.as_ref());
            let risk = self.risk(srlg.failures_per_year.as_ref(), srlg.repair.as_ref());
            self.topology.srlgs.push(Srlg { name: name.to_string(), about, risk });
        }
        for (name, site) in raw.sites.iter() {
            let metro = self.names.metros.find(&site.metro, &mut self.report).unwrap_or_else(hole);
            let about = about(site.about.as_ref());
            let risk = self.risk(site.failures_per_year.as_ref(), site.repair.as_ref());
            let id = self.topology.sites.push(Site { name: name.to_string(), about, metro, risk });
            self.feeds(id, name, site);
            for zone in site.power_zones.iter() {
                self.report.check_name(zone.span, zone);
                let zone_id = self.topology.zones.push(Zone { name: zone.to_string(), site: id });
                let full = format!("{}/{}", **name, **zone);
                self.names.zones.declare(zone.span, &full, zone_id, &mut self.report);
            }
        }
        self.spans();
    }

    fn feeds(&mut self, id: SiteId, site: &str, raw: &crate::model::raw::topology::RawSite) {
        for (feed, entry) in raw.power_feeds.iter() {
            self.report.check_name(feed.span, feed);
            let srlgs = self.names.srlgs.find_all(&entry.srlgs, &mut self.report);
            let risk = self.risk(entry.failures_per_year.as_ref(), entry.repair.as_ref());
            let feed_id =
                self.topology.feeds.push(Feed { name: feed.to_string(), site: id, srlgs, risk });
            let full = format!("{site}/{}", **feed);
            self.names.feeds.declare(feed.span, &full, feed_id, &mut self.report);
        }
    }

    fn spans(&mut self) {
        let raw = self.raw;
        for (name, span) in raw.spans.iter() {
            let between = self.two(&span.between, "between", "site");
            let found = between.map(|pair| {
                pair.map(|site| self.names.sites.find(site, &mut self.report).unwrap_or_else(hole))
            });
            let length = self.report.quantity(&span.length).unwrap_or(Length::from_metres(0));
            let srlgs = self.names.srlgs.find_all(&span.srlgs, &mut self.report);
            let risk = self.risk(span.failures_per_year.as_ref(), span.repair.as_ref());
            self.topology.spans.push(Span {
                name: name.to_string(),
                about: about(span.about.as_ref()),
                between: found.unwrap_or([hole(), hole()]),
                length,
                srlgs,
                risk,
            });
        }
    }

    /// The two names of `ends` or `between`, which must differ.
    pub(super) fn two<'s>(
        &mut self,
        list: &'s Sp<List<String>>,
        key: &str,
        what: &str,
    ) -> Option<[&'s Sp<String>; 2]> {
        let [first, second] = &***list else {
            let message = format!("`{key}` has two entries, not {}", list.len());
            self.report.at(list.entry, Code::WrongCount, message);
            return None;
        };
        if **first == **second {
            let message = format!("both ends are the {what} `{}`", **first);
            self.report.at(second.span, Code::SameEnds, message);
            return None;
        }
        Some([first, second])
    }

    fn position(&mut self, list: &Sp<List<f64>>) -> [f64; 2] {
        let [latitude, longitude] = &***list else {
            let message =
                format!("a position is a latitude and a longitude, not {} numbers", list.len());
            self.report.at(list.entry, Code::WrongCount, message);
            return [0.0, 0.0];
        };
        for (degrees, limit, what) in
            [(latitude, 90.0, "latitude"), (longitude, 180.0, "longitude")]
        {
            if degrees.abs() > limit {
                let message = format!("the {what} is out of range: -{limit} to {limit} degrees");
                self.report.at(degrees.span, Code::OutOfRange, message);
            }
        }
        [**latitude, **longitude]
    }
}

/// A text that may be left out.
pub(super) fn about(text: Option<&Sp<String>>) -> String {
    text.map(|text| text.to_string()).unwrap_or_default()
}

/// Great-circle distance in km on a sphere of 6371 km.
pub(in crate::model) fn great_circle_km([lat1, lon1]: [f64; 2], [lat2, lon2]: [f64; 2]) -> f64 {
    let radians = |degrees: f64| degrees * std::f64::consts::PI / 180.0;
    let half = |a: f64, b: f64| {
        let sine = libm::sin((radians(b) - radians(a)) / 2.0);
        sine * sine
    };
    let h =
        half(lat1, lat2) + libm::cos(radians(lat1)) * libm::cos(radians(lat2)) * half(lon1, lon2);
    2.0 * 6371.0 * libm::asin(libm::sqrt(h.min(1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amsterdam_to_frankfurt_is_about_365_km() {
        // Independent figure for these city centres: 364 to 366 km.
        let km = great_circle_km([52.37, 4.90], [50.11, 8.68]);
        assert!((363.0..367.0).contains(&km), "{km}");
    }
}
