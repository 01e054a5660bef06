//! What of an outcome depends on what was before.

use super::sessions::Fate;
use super::{Before, Doubt, Evaluator};
use crate::ids::{IdVec, SessionId};

impl Evaluator<'_> {
    /// What depends on what was before.
    pub(super) fn history(&self, fates: &IdVec<SessionId, Fate>, before: Before) -> Vec<Doubt> {
        let topology = self.facts.topology;
        let mut doubts = Vec::new();
        for (id, session) in topology.sessions.iter_ids() {
            match fates[id] {
                Fate::Unnoticed => doubts.push(Doubt::NoHoldTime(id)),
                Fate::Uncertain => doubts.push(Doubt::Connection(id)),
                Fate::Up | Fate::UpByChance | Fate::Down => {}
            }
            let of_family = self.facts.groups.iter().filter(|group| group.family == session.family);
            let most: u64 = of_family.map(|group| group.count).sum();
            let limits = session.ends.iter().filter_map(|end| end.max_prefix);
            if limits.into_iter().any(|max| max.shutdown && max.limit < most) {
                doubts.push(Doubt::MaxPrefix(id));
            }
        }
        doubts.extend(self.has_mute_bfd().then_some(Doubt::MuteBfd));
        for (id, lag) in topology.lags.iter_ids() {
            let stays = lag.ends.iter().any(|end| !end.revertive);
            if before == Before::Anything && stays && lag.circuits.len() > 1 {
                doubts.push(Doubt::NonRevertive(id));
            }
            let micro = lag.ends.iter().filter(|end| end.micro_bfd.is_some()).count();
            if micro == 1 && lag.ends.iter().all(|end| end.lacp.is_some()) {
                doubts.push(Doubt::OneSidedBfd(id));
            }
        }
        doubts
    }

    /// Whether some BFD that decides something asks for no packets.
    fn has_mute_bfd(&self) -> bool {
        let topology = self.facts.topology;
        let strict = topology
            .sessions
            .iter()
            .filter(|session| session.ends.iter().any(|end| end.bfd_strict));
        let of_sessions = strict.flat_map(|session| &session.ends).filter_map(|end| end.bfd);
        let ends = topology.lags.iter().flat_map(|lag| &lag.ends);
        let of_lags = ends.flat_map(|end| [end.micro_bfd, end.igp_bfd]).flatten();
        of_sessions.chain(of_lags).any(|config| config.rx.is_zero())
    }
}
