//! What is acknowledged has reached the disk: seen from outside, in the order of the program's system calls.

use super::program::{Instance, client};
use super::turn;
use crate::databases::sqlite;
use serde_json::json;
use std::collections::HashMap;
use std::process::{Command, Stdio};
use std::time::Duration;

/// One client, one write after the other.
const WRITES: usize = 1_000;

/// What a line of the trace is about.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    /// Something was written to the log.
    Written,
    /// The log has reached the disk.
    Synchronised,
    /// A write was acknowledged.
    Acknowledged,
}

/// `PID call(FD<path>, ...) = result`, where a call may be cut in two by another thread's.
fn seen(line: &str, unfinished: &mut HashMap<String, String>) -> Option<Seen> {
    let (thread, call) = line.split_once(char::is_whitespace)?;
    let call = call.trim_start();
    let whole;
    let call = if let Some(begun) = call.strip_suffix("<unfinished ...>") {
        // An answer is on its way as soon as the call is made; the disk is safe only when the call is over.
        unfinished.insert(thread.to_owned(), begun.to_owned());
        if !begun.contains("HTTP/1.1 201") {
            return None;
        }
        begun
    } else if let Some((_, rest)) = call.strip_prefix("<... ").and_then(|rest| rest.split_once("resumed>")) {
        let begun = unfinished.remove(thread)?;
        if begun.contains("HTTP/1.1 201") {
            return None;
        }
        whole = begun + rest;
        &whole
    } else {
        call
    };
    let name = call.split('(').next()?;
    if call.contains("HTTP/1.1 201") {
        return Some(Seen::Acknowledged);
    }
    let is_log = call.contains(".db-wal>");
    match name {
        "fdatasync" | "fsync" if is_log && call.trim_end().ends_with("= 0") => Some(Seen::Synchronised),
        "write" | "pwrite64" | "writev" | "pwritev" if is_log => Some(Seen::Written),
        _ => None,
    }
}

/// Every acknowledgement comes after a write to the log that was synchronised since the one before.
fn assert_ordered(trace: &str) -> usize {
    let (mut unfinished, mut acknowledged) = (HashMap::new(), 0);
    let (mut is_written, mut is_safe) = (false, false);
    for line in trace.lines() {
        match seen(line, &mut unfinished) {
            Some(Seen::Written) => is_written = true,
            Some(Seen::Synchronised) => is_safe = is_written,
            Some(Seen::Acknowledged) => {
                assert!(is_safe, "acknowledged before it was safe: {line}");
                (is_written, is_safe) = (false, false);
                acknowledged += 1;
            }
            None => {}
        }
    }
    acknowledged
}

#[test]
fn the_order_of_calls_is_read_out_of_a_trace() {
    let good = "7 pwrite64(9</d/r.db-wal>, \"x\", 1, 0) = 1\n\
                7 fdatasync(9</d/r.db-wal> <unfinished ...>\n\
                8 epoll_wait(3, [], 1, 1) = 0\n\
                7 <... fdatasync resumed>) = 0\n\
                8 sendto(5<socket:[1]>, \"HTTP/1.1 201 Created\", 9, 0, NULL, 0) = 9\n";
    assert_eq!(assert_ordered(good), 1);
    let early =
        good.lines().enumerate().filter(|(n, _)| *n != 3).map(|(_, line)| format!("{line}\n")).collect::<String>();
    assert!(std::panic::catch_unwind(|| assert_ordered(&early)).is_err());
    let failed = good.replace("resumed>) = 0", "resumed>) = -1 EIO");
    assert!(std::panic::catch_unwind(|| assert_ordered(&failed)).is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs strace and a minute: scripts/trials.sh sync"]
async fn every_acknowledged_write_was_synchronised_before() {
    let _turn = turn().await;
    let instance = Instance::on(sqlite());
    let program = instance.start().await;
    let token = instance.token(&program).await;
    let trace = instance.directory().join("trace");
    let mut strace = Command::new("strace")
        .args([
            "-f",
            "-y",
            "-s",
            "32",
            "-e",
            "trace=fdatasync,fsync,write,pwrite64,writev,pwritev,sendto,sendmsg",
            "-o",
        ])
        .arg(&trace)
        .args(["-p", &program.id().to_string()])
        .stderr(Stdio::null())
        .spawn()
        .expect("strace can be run");
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (http, url) = (client(), format!("{}/v1/nonconformities", program.url));
    for n in 0..WRITES {
        let body = json!({ "title": n.to_string(), "source": "audit", "statement": "x", "objective_evidence": "x" });
        assert_eq!(http.post(&url).bearer_auth(&token).json(&body).send().await.unwrap().status(), 201);
    }
    program.kill();
    strace.wait().unwrap();
    assert_eq!(assert_ordered(&std::fs::read_to_string(trace).unwrap()), WRITES);
}
