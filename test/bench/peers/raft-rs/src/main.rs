//! Prints one JSON object a line: {"name", "iterations", "ns", "allocations"}, the last two per
//! iteration. --line=NAME: only that one; --seconds=S: how long each is measured; --list: names.

mod allocations;
mod bounded_log;
mod cluster;
mod lines;
mod meter;

fn main() {
    let mut only: Option<String> = None;
    let mut seconds = 0.2;
    let mut list = false;
    for argument in std::env::args().skip(1) {
        if let Some(name) = argument.strip_prefix("--line=") {
            only = Some(name.to_string());
        } else if let Some(value) = argument.strip_prefix("--seconds=") {
            seconds = match value.parse::<f64>() {
                Ok(value) if (0.001..=60.0).contains(&value) => value,
                _ => refuse("--seconds: from 0.001 to 60"),
            };
        } else if argument == "--list" {
            list = true;
        } else {
            refuse(&format!("unknown: {argument}"));
        }
    }
    let lines = lines::all();
    let chosen: Vec<_> = lines
        .iter()
        .filter(|line| only.as_ref().map_or(true, |name| *name == line.name))
        .collect();
    if chosen.is_empty() {
        refuse("no line of this name; --list names them");
    }
    for line in chosen {
        if list {
            println!("{}", line.name);
            continue;
        }
        let reading = (line.run)(seconds);
        println!(
            "{{\"name\": \"{}\", \"iterations\": {}, \"ns\": {:.2}, \"allocations\": {:.4}}}",
            line.name, reading.iterations, reading.ns, reading.allocations
        );
    }
}

fn refuse(why: &str) -> ! {
    eprintln!("raft-rs-bench: {why}");
    std::process::exit(2);
}
