//! Latencies and their quantiles. Promise: all samples are kept, and a quantile is one of them.

use std::time::Duration;

/// Latencies in microseconds.
#[derive(Debug, Default, Clone)]
pub(crate) struct Samples {
    micros: Vec<u32>,
}

impl Samples {
    /// Adds one.
    pub(crate) fn push(&mut self, latency: Duration) {
        self.micros.push(u32::try_from(latency.as_micros()).unwrap_or(u32::MAX));
    }

    /// Adds those of another.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.micros.append(&mut other.micros);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.micros.len()
    }

    /// The smallest that at least `share` of a thousand are not above, in milliseconds.
    pub(crate) fn quantile(&mut self, per_mille: usize) -> f64 {
        self.micros.sort_unstable();
        let rank = (self.micros.len() * per_mille).div_ceil(1_000).max(1) - 1;
        self.micros.get(rank).map_or(0.0, |micros| f64::from(*micros) / 1_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_the_nearest_rank() {
        let mut samples = Samples::default();
        (1..=1_000).rev().for_each(|n| samples.push(Duration::from_millis(n)));
        let close = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(close(samples.quantile(500), 500.0) && close(samples.quantile(990), 990.0));
        assert!(close(samples.quantile(1_000), 1_000.0) && close(Samples::default().quantile(500), 0.0));
    }
}
