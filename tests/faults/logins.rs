//! Signing in by an identity provider that shares no code with the program, over the network as anybody would.

use super::program::{Instance, Program, client};
use crate::databases::each;
use crate::python::python;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// How long it is waited for what must happen.
const PATIENCE: Duration = Duration::from_secs(90);
const REDIRECT: &str = "https://app.example/signed-in";

/// An identity provider: whatever starts at its address has keys of its own.
struct Provider {
    child: Child,
    port: u16,
}

impl Provider {
    async fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self::start_at(port).await
    }

    async fn start_at(port: u16) -> Self {
        let mut command = python();
        command.args(["-m", "oidc_provider_mock", "--port", &port.to_string()]).env("PYTHONUNBUFFERED", "1");
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let (provider, began) = (Self { child, port }, Instant::now());
        let address = format!("{}/.well-known/openid-configuration", provider.issuer());
        while client().get(&address).send().await.is_err() {
            assert!(began.elapsed() < PATIENCE, "the identity provider did not start");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        provider
    }

    fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What somebody's frontend gets by the authorisation code flow.
    async fn id_token(&self, subject: &str, claims: Value, nonce: &str) -> String {
        let issuer = self.issuer();
        let known = client().put(format!("{issuer}/users/{subject}")).json(&claims).send().await.unwrap();
        assert!(known.status().is_success(), "{}", known.status());
        let form = |pairs: &[(&str, &str)]| {
            let mut written = form_urlencoded::Serializer::new(String::new());
            pairs.iter().for_each(|(name, value)| _ = written.append_pair(name, value));
            written.finish()
        };
        let asked = form(&[
            ("client_id", "ratchet-web"),
            ("redirect_uri", REDIRECT),
            ("response_type", "code"),
            ("scope", "openid email profile"),
            ("nonce", nonce),
        ]);
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let content_type = "application/x-www-form-urlencoded";
        let agreed = http.post(format!("{issuer}/oauth2/authorize?{asked}")).header("content-type", content_type);
        let answer = agreed.body(form(&[("sub", subject)])).send().await.unwrap();
        let place = answer.headers()["location"].to_str().unwrap().to_owned();
        let query = place.split_once('?').unwrap().1.to_owned();
        let code = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "code").unwrap().1.into_owned();
        let traded = http.post(format!("{issuer}/oauth2/token")).basic_auth("ratchet-web", Some("secret"));
        let body = form(&[("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", REDIRECT)]);
        let answer = traded.header("content-type", content_type).body(body).send().await.unwrap();
        let tokens: Value = answer.json().await.unwrap();
        tokens["id_token"].as_str().unwrap_or_else(|| panic!("{tokens}")).to_owned()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn exchange(program: &Program, provider: &Value, token: &str, nonce: &str) -> (StatusCode, Value) {
    let body = json!({ "identity_provider": provider, "id_token": token, "nonce": nonce });
    let answer = client().post(format!("{}/v1/auth/exchange", program.url)).json(&body).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

#[tokio::test]
async fn a_real_provider_lets_people_in_and_changes_its_keys() {
    let _turn = super::turn().await;
    for database in each() {
        let (instance, provider) = (Instance::on(database), Provider::start().await);
        let program =
            instance.start_with("serve", |command| _ = command.args(["--webhook-allow", "127.0.0.0/8"])).await;
        let token = instance.token(&program).await;
        let registered = json!({
            "name": "Login", "issuer": provider.issuer(), "client_ids": ["ratchet-web"], "roles_claim": "groups",
            "role_rules": [{ "value": "isms", "roles": ["isms_manager"] }], "just_in_time": true,
        });
        let http = client();
        let request = http.post(format!("{}/v1/identity-providers", program.url)).bearer_auth(&token).json(&registered);
        let made: Value = request.send().await.unwrap().json().await.unwrap();
        let id = made["id"].clone();
        assert!(id.is_string(), "{made}");
        let check = format!("{}/v1/identity-providers/{}/check", program.url, id.as_str().unwrap());
        let checked: Value = http.get(&check).bearer_auth(&token).send().await.unwrap().json().await.unwrap();
        assert_eq!(checked["passed"], true, "{checked}");

        let claims =
            json!({ "email": "grace@example.org", "email_verified": true, "name": "Grace", "groups": ["isms"] });
        let first = provider.id_token("grace", claims.clone(), "n-1").await;
        let (status, tokens) = exchange(&program, &id, &first, "n-1").await;
        assert_eq!(status, 200, "{tokens}");
        let me = http.get(format!("{}/v1/me", program.url)).bearer_auth(tokens["access_token"].as_str().unwrap());
        let me: Value = me.send().await.unwrap().json().await.unwrap();
        assert_eq!(me["roles"], json!(["isms_manager"]), "{me}");
        let (status, again) = exchange(&program, &id, &first, "n-1").await;
        assert_eq!((status.as_u16(), &again["errors"][0]["code"]), (401, &json!("used")), "{again}");
        let other = provider.id_token("grace", claims.clone(), "n-2").await;
        assert_eq!(exchange(&program, &id, &other, "n-3").await.0, 401, "another nonce");

        // Another provider at the same address signs with another key.
        let port = provider.port;
        drop(provider);
        let provider = Provider::start_at(port).await;
        assert_eq!(exchange(&program, &id, &other, "n-2").await.0, 200, "the key is known for a while");
        let began = Instant::now();
        loop {
            let rotated = provider.id_token("grace", claims.clone(), "n-4").await;
            let (status, answer) = exchange(&program, &id, &rotated, "n-4").await;
            if status == 200 {
                break;
            }
            // Neither has a name: that the key is another shows where it does not verify.
            assert_eq!((status.as_u16(), &answer["errors"][0]["code"]), (401, &json!("signature")), "{answer}");
            assert!(began.elapsed() < PATIENCE, "the new key was never asked for: {answer}");
            tokio::time::sleep(Duration::from_secs(4)).await;
        }
        drop(program);
        let verified = instance.verify();
        assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    }
}

/// Who may name an address reaches nothing by it that the operator has not allowed.
#[tokio::test]
async fn an_issuer_inside_is_not_asked() {
    let _turn = super::turn().await;
    let provider = Provider::start().await;
    let instance = Instance::on(crate::databases::sqlite());
    let program = instance.start().await;
    let token = instance.token(&program).await;
    for issuer in
        [provider.issuer(), format!("http://localhost:{}", provider.port), "https://169.254.169.254".to_owned()]
    {
        let body = json!({ "name": "Inside", "issuer": issuer, "client_ids": ["ratchet-web"] });
        let request = client().post(format!("{}/v1/identity-providers", program.url)).bearer_auth(&token).json(&body);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["errors"][0]["code"], "discovery", "{answer}");
    }
}
