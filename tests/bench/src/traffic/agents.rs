//! User agents by their share.

use fastrand::Rng;

/// User agents to draw from.
pub(super) struct Agents {
    /// Sum of the shares up to and with each, and the user agent.
    cumulated: Vec<(u32, &'static str)>,
    total: u32,
}

impl Agents {
    /// All of the list beside this file.
    pub(super) fn new() -> Self {
        let mut total = 0;
        let lines = include_str!("agents.txt").lines().filter(|line| !line.starts_with('#'));
        let cumulated = lines
            .filter_map(|line| line.split_once('\t'))
            .map(|(share, agent)| {
                total += share.parse::<u32>().unwrap_or(1);
                (total, agent)
            })
            .collect();
        Self { cumulated, total }
    }

    /// One, by its share.
    pub(super) fn draw(&self, rng: &mut Rng) -> &'static str {
        let drawn = rng.u32(0..self.total.max(1));
        let at = self.cumulated.partition_point(|(sum, _)| *sum <= drawn);
        self.cumulated.get(at).map_or("", |(_, agent)| agent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn hundreds_of_browsers_and_no_bot() {
        let agents = Agents::new();
        let all: BTreeSet<&str> = agents.cumulated.iter().map(|(_, agent)| *agent).collect();
        assert!(all.len() >= 200 && all.len() == agents.cumulated.len(), "{}", all.len());
        for agent in all {
            assert!(!mqlite::enrich::bots::is_bot(agent), "{agent}");
            assert!(mqlite::enrich::agent::agent(agent).browser.is_some(), "{agent}");
        }
    }
}
