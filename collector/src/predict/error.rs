//! Too little data. Invariant: whoever is refused is told how many leads there are and how many it takes.

use super::{CLOSED_MIN, WON_MIN};
use std::fmt;

/// Why nothing is predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TooLittle {
    /// Too few closed leads, or too few won ones among them.
    Leads {
        /// Closed leads that can be used.
        closed: usize,
        /// Won ones among them.
        won: usize,
    },
    /// Won and lost leads are not in both parts: the earlier, to learn from, and the later, to be measured on.
    OneSided {
        /// Closed leads that can be used.
        closed: usize,
        /// Won and lost ones in the earlier part.
        earlier: (usize, usize),
        /// Won and lost ones in the later part.
        later: (usize, usize),
    },
}

impl fmt::Display for TooLittle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leads { closed, won } => write!(
                f,
                "Too little data: {closed} closed leads, of which {won} won; it takes at least {CLOSED_MIN} closed \
                 leads, of which at least {WON_MIN} won. Nothing is predicted until then."
            ),
            Self::OneSided { closed, earlier, later } => write!(
                f,
                "Too little data: of {closed} closed leads the earlier three quarters hold {} won and {} lost, the \
                 later quarter {} won and {} lost; it takes both in each, to learn from one part and to be measured \
                 on the other. Nothing is predicted until then.",
                earlier.0, earlier.1, later.0, later.1
            ),
        }
    }
}
