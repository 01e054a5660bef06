//! Why something happens: the latest fault in its chain, and where each nanosecond since went.

use crate::units::{SimDuration, SimTime};

/// What time on the way from a fault to an effect was spent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Until some router saw it.
    Detect,
    /// On the way from router to router.
    Notify,
    /// Working on it: update processing, SPF wait, advertisement interval.
    Decide,
    /// Writing forwarding tables.
    Write,
}

/// One cause; the phases sum to `mark` minus `at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cause {
    /// The window (scenario event) of the latest fault step in the chain; `None`: the start.
    pub(crate) window: Option<usize>,
    /// When that fault step was.
    pub(crate) at: SimTime,
    /// Time spent on each phase.
    pub(crate) phases: [SimDuration; 4],
    /// Until when time is accounted for.
    pub(crate) mark: SimTime,
}

/// A cause, interned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CauseId(u32);

/// All causes of a run.
#[derive(Clone, Debug)]
pub(crate) struct Causes {
    all: Vec<Cause>,
}

impl Causes {
    /// Nothing happened yet: the cause of the start.
    pub(crate) fn new() -> Self {
        let start = Cause {
            window: None,
            at: SimTime::ZERO,
            phases: [SimDuration::ZERO; 4],
            mark: SimTime::ZERO,
        };
        Self { all: vec![start] }
    }

    /// The cause of what happens without a fault.
    pub(crate) const START: CauseId = CauseId(0);

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// Forgets all but the first.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.all.truncate(len);
    }

    /// The cause with this id.
    pub(crate) fn get(&self, id: CauseId) -> Cause {
        self.all[id.0 as usize]
    }

    /// A fault step of this window happens at `now`.
    pub(crate) fn fault(&mut self, window: usize, now: SimTime) -> CauseId {
        self.push(Cause {
            window: Some(window),
            at: now,
            phases: [SimDuration::ZERO; 4],
            mark: now,
        })
    }

    /// The chain goes on: the time since its mark was spent on `phase`.
    pub(crate) fn advance(&mut self, id: CauseId, phase: Phase, now: SimTime) -> CauseId {
        let mut cause = self.get(id);
        if now == cause.mark {
            return id;
        }
        cause.phases[phase as usize] += now.since(cause.mark);
        cause.mark = now;
        self.push(cause)
    }

    /// The one of two causes whose fault was later; the second if both go back to one.
    pub(crate) fn later(&self, first: Option<CauseId>, second: CauseId) -> CauseId {
        let fault = |id: CauseId| (self.get(id).window.is_some(), self.get(id).at);
        first.filter(|first| fault(*first) > fault(second)).unwrap_or(second)
    }

    fn push(&mut self, cause: Cause) -> CauseId {
        let id = CauseId(u32::try_from(self.all.len()).expect("bounded by the event limit"));
        self.all.push(cause);
        id
    }
}
