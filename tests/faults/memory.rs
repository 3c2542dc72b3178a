//! What is sent does not decide how much memory is taken.

use super::program::{Instance, Program, client};
use super::turn;
use crate::databases::sqlite;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::Write;

const MIB: u64 = 1 << 20;

fn status(program: &Program, field: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{}/status", program.id())).unwrap();
    let line = text.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

/// The peak from now on counts.
fn forget_peak(program: &Program) {
    std::fs::write(format!("/proc/{}/clear_refs", program.id()), "5").unwrap();
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

struct Attack {
    what: &'static str,
    path: String,
    headers: [(&'static str, &'static str); 2],
    body: Vec<u8>,
    status: u16,
}

fn attacks(case: &str) -> Vec<Attack> {
    const JSON: (&str, &str) = ("content-type", "application/json");
    const NONE: (&str, &str) = ("x-nothing", "");
    let nonconformities = "/v1/nonconformities".to_owned();
    let evidence = format!("/v1/evidence?record={case}&name=x");
    let blanks = vec![b' '; 256 << 20];
    let wide: Vec<String> = (0..80_000).map(|n| format!("\"k{n}\":1")).collect();
    let wide = |first: &str| format!("{{{first},{}}}", wide.join(",")).into_bytes();
    let attack =
        |what, path: &String, headers, body, status| Attack { what, path: path.clone(), headers, body, status };
    vec![
        attack("a file of 64 MiB", &evidence, [("content-type", "text/plain"), NONE], vec![7; 64 << 20], 201),
        attack("a file of 101 MiB", &evidence, [("content-type", "text/plain"), NONE], vec![7; 101 << 20], 413),
        attack("a body of 64 MiB", &nonconformities, [JSON, NONE], vec![b' '; 64 << 20], 413),
        attack("a gzip bomb", &nonconformities, [JSON, ("content-encoding", "gzip")], gzip(&blanks), 413),
        attack(
            "a zstd bomb",
            &nonconformities,
            [JSON, ("content-encoding", "zstd")],
            zstd::encode_all(&blanks[..], 1).unwrap(),
            413,
        ),
        attack("a million brackets", &nonconformities, [JSON, NONE], vec![b'['; 1_000_000], 400),
        attack(
            "a thousand thousand items",
            &nonconformities,
            [JSON, NONE],
            format!("{{\"title\":[{}1]}}", "1,".repeat(500_000)).into_bytes(),
            422,
        ),
        attack("80,000 members", &nonconformities, [JSON, NONE], wide("\"a\":1"), 422),
        attack("80,000 members and an escape", &nonconformities, [JSON, NONE], wide("\"a\":\"\\u0000\""), 422),
    ]
}

#[tokio::test]
async fn no_body_takes_more_than_sixteen_mebibytes() {
    let _turn = turn().await;
    let instance = Instance::on(sqlite());
    let program = instance.start().await;
    let token = instance.token(&program).await;
    let http = client();
    let body = json!({ "title": "x", "source": "audit", "statement": "x", "objective_evidence": "x" });
    let made = http.post(format!("{}/v1/nonconformities", program.url)).bearer_auth(&token).json(&body);
    let made: Value = made.send().await.unwrap().json().await.unwrap();
    for Attack { what, path, headers, body, status: expected } in attacks(made["reference"].as_str().unwrap()) {
        forget_peak(&program);
        let before = status(&program, "VmRSS");
        let mut request = http.post(format!("{}{path}", program.url)).bearer_auth(&token);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        // A server that refuses while the rest is still being sent may hang up before its answer is read.
        match request.body(body).send().await {
            Ok(answer) => assert_eq!(answer.status(), expected, "{what}"),
            Err(_) => assert_eq!(expected, 413, "{what}"),
        }
        let risen = status(&program, "VmHWM").saturating_sub(before);
        assert!(risen <= 16 * MIB, "{what}: {} MiB more", risen / MIB);
    }
}
