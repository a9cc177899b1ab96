//! `mqlite audit verify`. Invariant: it fails when anything is not as it was written, and says where; what could
//! not be checked is said as well.

use crate::app::{open_ledger, recorder};
use crate::audit::{Verdict, parse_head, verify_receipt};
use crate::cli::{Failure, say};
use crate::clock::Clock;
use crate::config::{Config, Settings};
use crate::domain::{Head, Receipt, to_hex};
use std::path::PathBuf;
use std::sync::Arc;

/// What to hold the log against.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// File with the heads of the log, such as a copy that is kept elsewhere [default: the collector's own]
    #[arg(long, value_name = "FILE")]
    anchor: Option<PathBuf>,
    /// A head that was noted, as the collector's log output says it; can be given several times
    #[arg(long = "head", value_name = "SEQ:HASH")]
    heads: Vec<String>,
    /// A receipt, as JSON
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
}

/// Runs the command.
pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    let mut config = Config::resolve(arguments.settings)?;
    if let Some(anchor) = arguments.anchor {
        if !anchor.exists() {
            return Err(Failure::new(format!("there is no file {}", anchor.display())));
        }
        config.audit_anchor = anchor;
    }
    if !config.data.exists() {
        let data = config.data.display();
        return Err(Failure::new(format!("there is no {data}; name the collector's folder with --data DIR")));
    }
    let heads = arguments.heads.iter().map(|text| parse_head(text)).collect::<Result<Vec<Head>, _>>()?;
    let receipt = arguments.receipt.map(|path| read(&path)).transpose()?;
    let ledger = open_ledger(&config.data)?;
    let verdict = recorder(&config, Arc::clone(&ledger), Clock::system()).verify(&heads)?;
    print(&verdict)?;
    let mut wrong = usize::from(!verdict.ok());
    if let Some(receipt) = receipt {
        let verdict = verify_receipt(ledger.as_ref(), &receipt)?;
        say(format_args!("{}  {}", if verdict.valid { "ok     " } else { "wrong  " }, verdict.sentence))?;
        wrong += usize::from(!verdict.valid);
    }
    if wrong > 0 {
        return Err(Failure::new(
            "this is not what was written; keep a copy of the data folder and of the anchor as they are, and look \
             at the first place that is named",
        ));
    }
    Ok(())
}

fn read(path: &PathBuf) -> Result<Receipt, Failure> {
    let failed =
        |error: String| Failure::new(format!("the receipt {} cannot be read: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| failed(error.to_string()))
}

fn print(verdict: &Verdict) -> Result<(), Failure> {
    for finding in &verdict.findings {
        let mark = if finding.kind.is_warning() { "warning" } else { "wrong  " };
        say(format_args!("{mark}  {}: {}", finding.kind.name(), finding.sentence))?;
    }
    let entries = verdict.entries;
    let Some(head) = verdict.head else { return say("The audit log is empty.") };
    if verdict.ok() {
        say(format_args!(
            "ok       all {entries} entries are the ones that were written, as far as it can be told"
        ))?;
    }
    if let Some(anchor) = &verdict.anchor {
        let upto = anchor.seq.map_or_else(|| "none".to_owned(), |seq| seq.to_string());
        say(format_args!("anchor   {}: {} lines, up to entry {upto}", anchor.path.display(), anchor.lines))?;
    }
    say(format_args!("head     {}:{}", head.seq, to_hex(&head.hash)))
}
