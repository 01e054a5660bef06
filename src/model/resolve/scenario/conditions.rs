//! When faults begin: at an instant, or once something has happened.

use super::Resolver;
use crate::diag::{Code, Span};
use crate::ids::{LagId, RouterId, SessionId};
use crate::input::sp::Sp;
use crate::model::raw::scenario::{RawCondition, RawDirection, RawFault};
use crate::model::resolve::report::{Names, Reported, optional};
use crate::model::scenario::{Begin, Condition, Direction};
use crate::units::{SimDuration, SimTime};

impl Resolver<'_> {
    pub(super) fn begin(&mut self, raw: &RawFault) -> Option<Begin> {
        match (&raw.at, &raw.when) {
            (Some(at), None) => {
                if let Some(after) = &raw.after {
                    let message = "`after` counts from what `when` waits for";
                    self.report.hinted(after.entry, Code::BadTime, message, "add it to `at`");
                }
                Some(Begin::At(SimTime::ZERO + self.report.quantity(at)?))
            }
            (None, Some(when)) => {
                let condition = self.condition(when);
                let after = optional(raw.after.as_ref(), |text| self.report.quantity(text));
                Some(Begin::When(condition?, after.ok()?.unwrap_or(SimDuration::ZERO)))
            }
            (at, when) => {
                let both = at.is_some();
                let span = when.as_ref().map_or(raw.inject.entry, |when| when.entry);
                let (code, message) = if both {
                    (Code::BadTime, "a fault begins `at` an instant or `when` something happens")
                } else {
                    (Code::MissingKey, "the key `at` is missing")
                };
                let hint = "write `at: 60s`, or `when: {session_down: {session: NAME}}`";
                self.report.hinted(span, code, message, hint);
                None
            }
        }
    }

    fn condition(&mut self, raw: &RawCondition) -> Option<Condition> {
        Some(match raw {
            RawCondition::SessionDown(of) | RawCondition::SessionUp(of) => {
                let up = matches!(raw, RawCondition::SessionUp(_));
                let session = self.known.sessions.find(&of.session, &mut self.report);
                let router = self.router_of(of.router.as_ref());
                let (session, router) = (session?, router.ok()?);
                self.check_session_end(of.router.as_ref(), router, session);
                Condition::Session { session, router, up }
            }
            RawCondition::PniDown(of) | RawCondition::PniUp(of) => {
                let up = matches!(raw, RawCondition::PniUp(_));
                let (lag, router) = self.lag_end(&of.pni, of.router.as_ref())?;
                Condition::Lag { lag, router, up }
            }
            RawCondition::Utilization(of) => {
                let end = self.lag_end(&of.pni, of.router.as_ref());
                let at_least = self.report.quantity(&of.at_least)?;
                let (lag, router) = end?;
                Condition::Utilization { lag, router, at_least }
            }
            RawCondition::Delivered(of) => {
                let demand = self.known.demands.find(&of.demand, &mut self.report);
                let at_most = self.report.quantity(&of.at_most)?;
                let direction = of.direction.as_deref().map(|direction| match direction {
                    RawDirection::Forward => Direction::Forward,
                    RawDirection::Return => Direction::Return,
                });
                Condition::Delivered { demand: demand?, direction, at_most }
            }
        })
    }

    fn router_of(&mut self, name: Option<&Sp<String>>) -> Result<Option<RouterId>, Reported> {
        let routers: &Names<RouterId> = &self.known.routers;
        optional(name, |name| routers.find(name, &mut self.report))
    }

    fn lag_end(
        &mut self,
        pni: &Sp<String>,
        router: Option<&Sp<String>>,
    ) -> Option<(LagId, Option<RouterId>)> {
        let lag = self.known.pnis.find(pni, &mut self.report);
        let id = self.router_of(router).ok()?;
        let lag = lag?;
        let place: Option<(RouterId, Span)> = id.zip(router.map(|name| name.span));
        let ends = &self.topology.lags[lag].ends;
        self.check_one_of(place, &self.topology.lags[lag].name, [ends[0].router, ends[1].router]);
        Some((lag, id))
    }

    fn check_session_end(
        &mut self,
        name: Option<&Sp<String>>,
        router: Option<RouterId>,
        session: SessionId,
    ) {
        let session = &self.topology.sessions[session];
        let ends = [session.ends[0].router, session.ends[1].router];
        self.check_one_of(router.zip(name.map(|name| name.span)), &session.name, ends);
    }
}
