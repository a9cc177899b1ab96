//! The binary `mqlite`. Invariant: subcommands only; what they do is in `cli`, and every failure ends in
//! one readable line and a non-zero exit.

use clap::{Parser, Subcommand};
use mimalloc::MiMalloc;
use mqlite::cli;
use mqlite::config::Settings;
use std::process::ExitCode;

/// An event is some thirty small pieces of memory that one thread takes and another gives back. The system's own
/// allocator takes a lock for that, and a sixth of the collector's processor time under load. On Linux SQLite
/// allocates by it, too (the feature `override`): the system's keeps an arena for each thread that ever read a database.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Privacy-first tracking that qualifies leads, in one binary.
#[derive(Parser)]
#[command(
    name = "mqlite",
    version,
    about,
    after_help = "Start with `mqlite demo`, or `mqlite site add example.com` and `mqlite serve`."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the collector and the dashboard
    Serve(Settings),
    /// Run on a throw-away database with ninety days of generated visits and a demo company's site
    Demo(cli::demo::Arguments),
    /// Say whether a page's tag is right, and why an event would be dropped
    Verify(cli::verify::Arguments),
    /// Add and list sites
    #[command(subcommand)]
    Site(cli::site::Command),
    /// Print the tag to paste
    Tag(cli::tag::Arguments),
    /// Check, explain, compare and publish scoring models
    #[command(subcommand)]
    Model(cli::model::Command),
    /// What is counted of leads
    #[command(subcommand)]
    Report(cli::report::Command),
    /// Say which open leads closed ones suggest, and how good that is on leads that it has not seen
    Predict(cli::predict::Arguments),
    /// Try a scoring model on everything that is stored: who enters, who leaves, and what every threshold would make
    Simulate(cli::simulate::Arguments),
    /// The owner's and the auditor's accounts
    #[command(subcommand)]
    User(cli::user::Command),
    /// End what is past its time; the collector does so by itself, once a day
    Prune(cli::prune::Arguments),
    /// Copy the databases, without the day's salts
    Backup(cli::backup::Arguments),
    /// Read everything in the data folder, and say what is damaged or lost
    Check(cli::check::Arguments),
    /// Say what is held of a person
    Find(cli::person::Find),
    /// Keep what is held of a person, and do nothing with it
    Restrict(cli::person::Restrict),
    /// Take a person's consent back: erase what rests on it
    Withdraw(cli::person::Take),
    /// Erase a person
    Erase(cli::person::Take),
    /// Print what is stored
    #[command(subcommand)]
    Export(cli::export::Command),
    /// Take in what others know
    #[command(subcommand)]
    Import(cli::import::Command),
    /// Say something against a lead's score, and list who waits for too long
    #[command(subcommand)]
    Lead(cli::lead::Command),
    /// Take what came from an attack out of every count and score, or take that back
    Void(Box<cli::void::Arguments>),
    /// Say what is odd in the counts of the last days
    Anomalies(cli::anomalies::Arguments),
    /// List what was taken out
    Voids(cli::void::List),
    /// Print what can be checked
    #[command(subcommand)]
    Audit(cli::audit::Command),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Serve(settings) => cli::serve::run(settings),
        Command::Demo(settings) => cli::demo::run(settings),
        Command::Verify(arguments) => cli::verify::run(&arguments),
        Command::Site(command) => cli::site::run(command),
        Command::Tag(arguments) => cli::tag::run(arguments),
        Command::Predict(arguments) => cli::predict::run(arguments),
        Command::Model(command) => cli::model::run(command),
        Command::Simulate(arguments) => cli::simulate::run(arguments),
        Command::User(command) => cli::user::run(command),
        Command::Prune(arguments) => cli::prune::run(arguments),
        Command::Backup(arguments) => cli::backup::run(arguments),
        Command::Check(arguments) => cli::check::run(arguments),
        Command::Find(arguments) => cli::person::find(arguments),
        Command::Restrict(arguments) => cli::person::restrict(arguments),
        Command::Withdraw(arguments) => cli::person::withdraw(arguments),
        Command::Erase(arguments) => cli::person::erase(arguments),
        Command::Export(command) => cli::export::run(command),
        Command::Import(command) => cli::import::run(command),
        Command::Lead(command) => cli::lead::run(command),
        Command::Report(command) => cli::report::run(command),
        Command::Void(arguments) => cli::void::run(*arguments),
        Command::Anomalies(arguments) => cli::anomalies::run(arguments),
        Command::Voids(arguments) => cli::void::list(arguments),
        Command::Audit(command) => cli::audit::run(command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            cli::complain(&failure);
            ExitCode::FAILURE
        }
    }
}
