//! The process dies while files are on their way: after the next start there is no file without a record, and no record
//! without its file.

use super::crash::a_while;
use super::program::{Instance, Program, client};
use super::{cycles, turn};
use crate::databases::{Database, postgres, sqlite};
use serde_json::{Value, json};
use std::io::Write;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// A case to attach files to.
async fn case(program: &Program, token: &str) -> String {
    let body = json!({ "title": "x", "source": "audit", "statement": "x", "objective_evidence": "x" });
    let request = client().post(format!("{}/v1/nonconformities", program.url)).bearer_auth(token).json(&body);
    let made: Value = request.send().await.unwrap().json().await.unwrap();
    made["reference"].as_str().unwrap().to_owned()
}

/// Sends files one after the other until the server has gone; how many were acknowledged.
async fn send_files(url: String, token: String, case: String, round: String) -> usize {
    let http = client();
    for n in 0.. {
        let content = format!("{round}-{n} ").repeat(20_000);
        let path = format!("{url}/v1/evidence?record={case}&name=x.txt");
        let request = http.post(path).bearer_auth(&token).header("content-type", "text/plain").body(content);
        match request.send().await {
            Ok(answer) => assert_eq!(answer.status(), 201),
            Err(_) => return n,
        }
    }
    unreachable!()
}

/// Half of a file, over a connection that stays open.
fn send_half(url: &str, token: &str, case: &str) -> TcpStream {
    let address = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST /v1/evidence?record={case}&name=half HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: text/plain\r\nContent-Length: 200000\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), &[b'x'; 100_000]].concat()).unwrap();
    stream
}

async fn leave_nothing_behind(database: Database) {
    let _turn = turn().await;
    let instance = Instance::on(database);
    let evidence = instance.directory().join("evidence");
    let mut program = instance.start().await;
    let token = instance.token(&program).await;
    let case = case(&program, &token).await;
    let mut acknowledged = 0;
    let mut left_over = 0;
    for cycle in 0..cycles(3) {
        let mut senders = tokio::task::JoinSet::new();
        for sender in 0..4 {
            let round = format!("{cycle}-{sender}");
            senders.spawn(send_files(program.url.clone(), token.clone(), case.clone(), round));
        }
        let halves: Vec<TcpStream> = (0..4).map(|_| send_half(&program.url, &token, &case)).collect();
        tokio::time::sleep(a_while()).await;
        program.kill();
        drop(halves);
        acknowledged += senders.join_all().await.into_iter().sum::<usize>();
        let found = files(&evidence);
        left_over += found.iter().filter(|file| file.starts_with(evidence.join("incoming"))).count();
        // A replica could be about to write the record of a young file: on PostgreSQL only old ones are swept.
        for file in found {
            let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
            std::fs::File::options().write(true).open(file).unwrap().set_modified(old).unwrap();
        }
        program = instance.start().await;
        let list = client().get(format!("{}/v1/evidence?count=true&limit=1", program.url)).bearer_auth(&token);
        let list: Value = list.send().await.unwrap().json().await.unwrap();
        let records = usize::try_from(list["total"].as_i64().unwrap()).unwrap();
        assert!(records >= acknowledged, "{records} of {acknowledged}");
        assert_eq!(files(&evidence).len(), records, "every content was another");
        let verdict = instance.verify();
        assert!(verdict.status.success(), "{}", String::from_utf8_lossy(&verdict.stdout));
    }
    assert!(left_over > 0, "no upload was cut off");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_and_records_come_together_on_sqlite() {
    leave_nothing_behind(sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_and_records_come_together_on_postgres() {
    leave_nothing_behind(postgres()).await;
}
