//! Whether those who log in, or pretend to, keep the others waiting.

use super::ranks::quantile;
use crate::databases::each;
use crate::harness::Api;
use ratchet_domain::access::Role;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Pages that are asked for one after the other, and how long each took.
async fn reads(api: &Api, enough: impl Fn(usize) -> bool) -> Vec<Duration> {
    let manager = api.by(Role::IsmsManager).await;
    let mut times = Vec::new();
    while !enough(times.len()) {
        let began = Instant::now();
        manager.get("/v1/nonconformities").await.expect(200);
        times.push(began.elapsed());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    times
}

/// The memory that this process holds, in KiB: the server is one of its threads.
fn resident() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_logins_at_once_keep_nobody_waiting() {
    for database in each() {
        let api = Api::start(database).await;
        let body = json!({ "email": "admin@ours.example", "password": "wrong password" });
        api.anonymous().post("/v1/auth/login", body.clone()).await.expect(401);
        let quiet = reads(&api, |count| count >= 500).await;
        let before = resident();
        let over = Arc::new(AtomicBool::new(false));
        let mut flood = tokio::task::JoinSet::new();
        for _ in 0..64 {
            let (over, body, login) = (over.clone(), body.clone(), format!("{}/v1/auth/login", api.url));
            flood.spawn(async move {
                let client = reqwest::Client::builder().no_proxy().build().unwrap();
                while !over.load(Ordering::Relaxed) {
                    let answer = client.post(&login).json(&body).send().await.unwrap();
                    assert!([401, 429, 503].contains(&answer.status().as_u16()), "{}", answer.status());
                }
            });
        }
        let began = Instant::now();
        let busy = reads(&api, |_| began.elapsed() > Duration::from_secs(30)).await;
        let after = resident();
        over.store(true, Ordering::Relaxed);
        while let Some(ended) = flood.join_next().await {
            ended.unwrap();
        }
        let (alone, beside) = (quantile(&quiet, 0.99), quantile(&busy, 0.99));
        let rise = (after - before) / 1024;
        println!("64 logins at once: p99 of a page {alone:?} alone, {beside:?} beside them; {rise} MiB more");
        assert!(rise <= 4 * 19, "{rise} MiB");
        assert!(beside <= alone * 3, "{alone:?} {beside:?}");
    }
}
