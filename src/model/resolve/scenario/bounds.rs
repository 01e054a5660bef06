//! What must hold: measures, subjects and limits.

use super::{Resolver, ends_by_itself};
use crate::diag::{Code, Span, closest};
use crate::input::sp::Sp;
use crate::model::raw::scenario::{RawBound, RawBounds, RawDirection, RawLimit, RawWindow};
use crate::model::resolve::report::optional;
use crate::model::scenario::{
    Begin, Bound, Direction, Fault, FaultKind, Limit, Measure, MeasureSubject, MeasureUnit, Window,
};
use crate::units::{Share, SimDuration, SimTime};

impl Resolver<'_> {
    pub(super) fn bounds(&mut self, raw: &[Sp<RawBounds>], faults: &[Fault]) -> Vec<Bound> {
        raw.iter().filter_map(|bound| self.entry(bound, faults)).collect()
    }

    fn entry(&mut self, raw: &Sp<RawBounds>, faults: &[Fault]) -> Option<Bound> {
        let [(name, bound)] = &*raw.0 else {
            let message = format!("a bound holds exactly one measure, not {}", raw.0.len());
            self.report.at(raw.span, Code::WrongCount, message);
            return None;
        };
        let measure = Measure::ALL.into_iter().find(|measure| measure.as_str() == **name);
        let Some(measure) = measure else {
            let known = Measure::ALL.map(Measure::as_str);
            let hint = match closest(name, known) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("known here: {}", known.join(", ")),
            };
            let message = format!("unknown measure `{}`", **name);
            self.report.hinted(name.span, Code::UnknownKey, message, hint);
            return None;
        };
        self.bound(measure, bound, faults)
    }

    fn bound(&mut self, measure: Measure, raw: &Sp<RawBound>, faults: &[Fault]) -> Option<Bound> {
        self.check_subject(measure, raw);
        self.check_window(raw, faults);
        let report = &mut self.report;
        let known = &self.known;
        let demand = optional(raw.demand.as_ref(), |name| known.demands.find(name, report));
        let class = optional(raw.class.as_ref(), |name| known.classes.find(name, report));
        let pni = optional(raw.pni.as_ref(), |name| known.pnis.find(name, report));
        let link = optional(raw.link.as_ref(), |name| known.links.find(name, report));
        let port = optional(raw.port.as_ref(), |name| known.ports.find(name, report));
        let session = optional(raw.session.as_ref(), |name| known.sessions.find(name, report));
        let router = optional(raw.router.as_ref(), |name| known.routers.find(name, report));
        let at_most = optional(raw.at_most.as_ref(), |text| self.limit(measure, text));
        let at_least = optional(raw.at_least.as_ref(), |text| self.limit(measure, text));
        let bound = Bound {
            measure,
            demand: demand.ok()?,
            class: class.ok()?,
            direction: raw.direction.as_deref().map(|direction| match direction {
                RawDirection::Forward => Direction::Forward,
                RawDirection::Return => Direction::Return,
            }),
            lag: pni.ok()?.or(link.ok()?).or(port.ok()?),
            session: session.ok()?,
            router: router.ok()?,
            window: match raw.window.as_deref() {
                Some(RawWindow::Fault) => Window::Fault,
                Some(RawWindow::Reversion) => Window::Reversion,
                Some(RawWindow::Run) | None => Window::Run,
            },
            at_most: at_most.ok()?,
            at_least: at_least.ok()?,
        };
        self.check_limits(raw, &bound);
        self.check_ends(raw, &bound);
        Some(bound)
    }

    fn limit(&mut self, measure: Measure, text: &Sp<RawLimit>) -> Option<Limit> {
        let parsed = match measure.unit() {
            MeasureUnit::Seconds => text.as_str().parse::<SimDuration>().map(Limit::Time),
            MeasureUnit::Ratio => text.as_str().parse::<Share>().map(Limit::Ratio),
        };
        parsed.map_err(|error| self.report.bad_quantity(text.span, &error)).ok()
    }

    fn check_limits(&mut self, raw: &Sp<RawBound>, bound: &Bound) {
        match (bound.at_least, bound.at_most) {
            (None, None) => {
                let message = "the bound has neither `at_most` nor `at_least`";
                self.report.at(raw.entry, Code::BadBound, message);
            }
            (Some(least), Some(most)) if least > most => {
                let span = raw.at_least.as_ref().map_or(raw.entry, |text| text.span);
                self.report.at(span, Code::BadBound, "`at_least` is above `at_most`");
            }
            (Some(_), _) | (_, Some(_)) => {}
        }
    }

    /// The keys that say what is measured fit the measure.
    fn check_subject(&mut self, measure: Measure, raw: &RawBound) {
        let fits: &[&str] = match measure.subject() {
            MeasureSubject::Demand => &["demand", "class", "direction"],
            MeasureSubject::Session => &["session", "router"],
            MeasureSubject::Lag => &["pni", "link", "port", "router"],
            MeasureSubject::Run => &[],
        };
        let stated: [(&str, Option<Span>); 8] = [
            ("demand", raw.demand.as_ref().map(|sp| sp.entry)),
            ("class", raw.class.as_ref().map(|sp| sp.entry)),
            ("direction", raw.direction.as_ref().map(|sp| sp.entry)),
            ("pni", raw.pni.as_ref().map(|sp| sp.entry)),
            ("link", raw.link.as_ref().map(|sp| sp.entry)),
            ("port", raw.port.as_ref().map(|sp| sp.entry)),
            ("session", raw.session.as_ref().map(|sp| sp.entry)),
            ("router", raw.router.as_ref().map(|sp| sp.entry)),
        ];
        for (key, span) in stated {
            if let Some(span) = span
                && !fits.contains(&key)
            {
                let message = format!("`{}` is not measured by `{key}`", measure.as_str());
                let hint = if fits.is_empty() {
                    "it is measured for the run as a whole".to_owned()
                } else {
                    format!("it may have: {}", fits.join(", "))
                };
                self.report.hinted(span, Code::BadBound, message, hint);
            }
        }
        let lags: Vec<_> = [&raw.pni, &raw.link, &raw.port].into_iter().flatten().collect();
        if let [_, second, ..] = lags[..] {
            let message = "a bound is on one PNI, link or port";
            self.report.at(second.entry, Code::BadBound, message);
        }
    }

    fn check_window(&mut self, raw: &RawBound, faults: &[Fault]) {
        let Some(window) = &raw.window else { return };
        let message = match **window {
            RawWindow::Fault if faults.is_empty() => "no fault begins in this scenario",
            RawWindow::Reversion if !faults.iter().any(|fault| self.is_over(fault)) => {
                "no fault ends within this run"
            }
            RawWindow::Fault | RawWindow::Reversion | RawWindow::Run => return,
        };
        self.report.at(window.span, Code::NoWindow, message);
    }

    fn is_over(&self, fault: &Fault) -> bool {
        let end = SimTime::ZERO + self.duration;
        let begin = match fault.begin {
            Begin::At(at) => at,
            Begin::When(_, after) => SimTime::ZERO + after,
        };
        match (fault.lasts, &fault.kind) {
            (Some(lasts), _) => begin + lasts < end,
            (None, FaultKind::RouterCrash(routers)) => {
                routers.iter().any(|r| begin + self.topology.routers[*r].reload < end)
            }
            (None, kind) => ends_by_itself(kind),
        }
    }

    fn check_ends(&mut self, raw: &RawBound, bound: &Bound) {
        let router = bound.router.zip(raw.router.as_ref().map(|name| name.span));
        if let Some(session) = bound.session {
            let session = &self.topology.sessions[session];
            let ends = [session.ends[0].router, session.ends[1].router];
            self.check_one_of(router, &session.name, ends);
        }
        if let Some(lag) = bound.lag {
            let lag = &self.topology.lags[lag];
            self.check_one_of(router, &lag.name, [lag.ends[0].router, lag.ends[1].router]);
        }
    }
}
