//! Access tokens that must not count.

use crate::security::mint::{Mint, b64, hmac, parts, with};
use base64::Engine;
use serde_json::{Value, json};
use tests::crm::Ask;
use tests::people::text;
use tests::{Crm, Person, Reply};

/// What `GET /auth/me` answers to this `Authorization` header.
async fn me(crm: &Crm, authorization: &[u8]) -> Reply {
    let value = String::from_utf8(authorization.to_vec()).expect("text");
    crm.send(Ask { method: "GET", path: "/auth/me".into(), headers: vec![("authorization".into(), value)], body: Vec::new() }).await
}

async fn refused(crm: &Crm, what: &str, token: &str) {
    let reply = me(crm, format!("Bearer {token}").as_bytes()).await;
    assert_eq!((reply.status, reply.code(), reply.header("www-authenticate")), (401, "UNAUTHENTICATED", Some("Bearer")), "{what}: {}", reply.text);
    // A second route with another kind of access, and one where a token is optional.
    let person = Person { token: token.to_owned(), ..crm.nobody() };
    assert_eq!(person.get("/customers").await.status, 401, "{what}");
    let ready = person.get("/health/ready").await;
    assert_eq!((ready.status, &ready.body["data"]["components"]), (200, &Value::Null), "{what} counts for nobody where it is optional");
}

struct Scene {
    crm: Crm,
    mint: Mint,
    rep: Person,
    header: Value,
    claims: Value,
    signature: String,
}

async fn scene() -> Scene {
    let crm = Crm::start().await;
    let (mint, rep) = (Mint::of(&crm).await, crm.admin().await);
    let (header, claims, signature) = parts(&rep.token);
    assert_eq!(header["kid"], json!(mint.kid));
    assert_eq!(me(&crm, format!("Bearer {}", mint.sign(&mint.header(), &claims)).as_bytes()).await.status, 200, "the mint makes good tokens");
    Scene { crm, mint, rep, header, claims, signature }
}

#[tokio::test]
async fn a_token_with_a_hostile_header_is_401() {
    let Scene { crm, mint, header, claims, signature, .. } = scene().await;
    let payload = b64(claims.to_string());
    for alg in ["none", "None", "NONE", "nOnE"] {
        let none = b64(with(&header, json!({"alg": alg})).to_string());
        refused(&crm, "alg none without a signature", &format!("{none}.{payload}.")).await;
        refused(&crm, "alg none with the old signature", &format!("{none}.{payload}.{signature}")).await;
    }
    let public = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(&mint.public).expect("base64");
    let hs256 = with(&header, json!({"alg": "HS256"}));
    refused(&crm, "HS256 with the public key", &hmac(&hs256, &claims, &public)).await;
    refused(&crm, "HS256 with the public key as text", &hmac(&hs256, &claims, mint.public.as_bytes())).await;
    refused(&crm, "HMAC under alg EdDSA", &hmac(&header, &claims, &public)).await;
    for (what, members) in [
        ("another algorithm", json!({"alg": "ES256"})),
        ("an algorithm nobody knows", json!({"alg": "EdDSA2"})),
        ("no algorithm", json!({"alg": null})),
        ("unknown kid", json!({"kid": "AAAAAAAAAAAA"})),
        ("empty kid", json!({"kid": ""})),
        ("kid with a path", json!({"kid": "../../JWKS"})),
        ("kid of the wrong kind", json!({"kid": 7})),
        ("no kid", json!({"kid": null})),
        ("typ JWT", json!({"typ": "JWT"})),
        ("typ of another kind", json!({"typ": "rt+jwt"})),
        ("no typ", json!({"typ": null})),
        ("a key of its own", json!({"kid": "mine", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": mint.public}})),
    ] {
        refused(&crm, what, &mint.sign(&with(&header, members), &claims)).await;
    }
}

#[tokio::test]
async fn a_token_with_hostile_claims_is_401() {
    let Scene { crm, mint, header, claims, rep, .. } = scene().await;
    let now = claims["iat"].as_i64().expect("seconds");
    let nobody = "01900000-0000-7000-8000-000000000000";
    let mate = crm.person("SALES_REP", None).await;
    let (_, mates, _) = parts(&mate.token);
    for (what, members) in [
        ("another issuer", json!({"iss": "other"})),
        ("no issuer", json!({"iss": null})),
        ("another audience", json!({"aud": "other-api"})),
        ("no audience", json!({"aud": null})),
        ("expired", json!({"exp": now - 1})),
        ("expired long ago", json!({"exp": 1})),
        ("no end", json!({"exp": null})),
        ("an end that is text", json!({"exp": "never"})),
        ("issued in the future", json!({"iat": now + 3600, "exp": now + 7200})),
        ("no issue time", json!({"iat": null})),
        ("no subject", json!({"sub": null})),
        ("a subject that is no id", json!({"sub": "admin"})),
        ("an unknown subject", json!({"sub": nobody})),
        ("no session", json!({"sid": null})),
        ("an unknown session", json!({"sid": nobody})),
        ("the session of another user", json!({"sid": mates["sid"]})),
        ("another user with this session", json!({"sub": mates["sub"]})),
        ("a role there is not", json!({"role": "ROOT"})),
        ("no role", json!({"role": null})),
        ("no scope", json!({"scope": null})),
    ] {
        refused(&crm, what, &mint.sign(&header, &with(&claims, members))).await;
    }
    for payload in [json!([]), json!("claims"), json!({}), Value::Null] {
        refused(&crm, "claims that are no claims", &mint.sign(&header, &payload)).await;
    }
    assert_eq!(rep.get("/auth/me").await.status, 200, "the real token still counts");
}

#[tokio::test]
async fn a_damaged_token_is_401() {
    let Scene { crm, mint, rep, header, claims, signature } = scene().await;
    let other = Mint::of(&Crm::idle(local::Table::memory().expect("memory")).await).await;
    let (head, payload) = (b64(header.to_string()), b64(claims.to_string()));
    let promoted = b64(with(&claims, json!({"exp": 99_999_999_999_i64})).to_string());
    let flipped = if signature.starts_with('A') { signature.replacen('A', "B", 1) } else { format!("A{}", &signature[1..]) };
    let at = rep.token.len();
    for (what, token) in [
        ("a swapped payload", format!("{head}.{promoted}.{signature}")),
        ("a modified signature", format!("{head}.{payload}.{flipped}")),
        ("no signature", format!("{head}.{payload}.")),
        ("an empty signature part left out", format!("{head}.{payload}")),
        ("a signature of zeroes", format!("{head}.{payload}.{}", b64([0; 64]))),
        ("another deployment's key under this kid", other.sign(&header, &claims)),
        ("another deployment's key", other.sign(&other.header(), &claims)),
        ("the last letters cut off", rep.token[..at - 8].to_owned()),
        ("the first half", rep.token[..at / 2].to_owned()),
        ("four parts", format!("{}.{payload}", rep.token)),
        ("twice", format!("{0}{0}", rep.token)),
        ("nothing", String::new()),
        ("a word", "garbage".into()),
        ("three dots", "...".into()),
        ("the refresh token", rep.refresh.clone()),
        ("the refresh token in three parts", format!("{head}.{}.{signature}", rep.refresh)),
        ("a very long one", format!("{head}.{}.{signature}", "A".repeat(100_000))),
        ("a very long header", format!("{}.{payload}.{signature}", "e".repeat(100_000))),
        ("padding", format!("{}=", rep.token)),
        ("a space inside", rep.token.replacen('.', ". ", 1)),
        ("a second token behind it", format!("{0}, {0}", rep.token)),
        ("not ASCII", format!("{}é", rep.token)),
        ("quoted", format!("\"{}\"", rep.token)),
        ("another key of the right shape", mint.sign(&with(&header, json!({"kid": other.kid})), &claims)),
    ] {
        refused(&crm, what, &token).await;
    }
}

#[tokio::test]
async fn only_the_bearer_scheme_counts() {
    let Scene { crm, rep, .. } = scene().await;
    let token = &rep.token;
    for good in [format!("Bearer {token}"), format!("bearer {token}"), format!("BEARER {token}"), format!("Bearer   {token}")] {
        assert_eq!(me(&crm, good.as_bytes()).await.status, 200, "{}", &good[..12]);
    }
    let basic = b64(format!("{}:{}", rep.email, tests::crm::PASSWORD));
    for bad in [
        format!("Basic {basic}"),
        format!("Basic {token}"),
        format!("Token {token}"),
        token.clone(),
        format!("Bearer{token}"),
        "Bearer".into(),
        "Bearer ".into(),
        String::new(),
        format!("DPoP {token}"),
        format!("Bearer\u{a0}{token}"),
    ] {
        assert_eq!(me(&crm, bad.as_bytes()).await.expect(401).code(), "UNAUTHENTICATED", "{}", bad.chars().take(12).collect::<String>());
    }
}

#[tokio::test]
async fn a_token_ends_with_its_time_its_session_and_its_user() {
    let crm = Crm::start().await;
    let admin = crm.admin().await;
    let (out, disabled, reset, late) = (
        crm.person("SALES_REP", None).await,
        crm.person("SALES_REP", None).await,
        crm.person("SALES_REP", None).await,
        crm.person("SALES_REP", None).await,
    );
    out.ask("POST", "/auth/logout", None, &[]).await.expect(204);
    refused(&crm, "a session that was left", &out.token).await;
    admin.delete(&format!("/users/{}", disabled.id)).await.expect(204);
    refused(&crm, "a disabled user", &disabled.token).await;
    admin.patch(&format!("/users/{}", reset.id), json!({"password": "another long one"})).await.expect(200);
    refused(&crm, "a user whose password was reset", &reset.token).await;
    crm.advance(14 * 60);
    late.get("/auth/me").await.expect(200);
    crm.advance(61);
    refused(&crm, "a token after a quarter of an hour", &late.token).await;
}

#[tokio::test]
async fn a_role_and_a_team_in_the_claims_give_no_rights() {
    let crm = Crm::start().await;
    let mint = Mint::of(&crm).await;
    let (here, there) = (crm.team().await, crm.team().await);
    let (rep, other) = (crm.person("SALES_REP", Some(&here)).await, crm.person("SALES_REP", Some(&there)).await);
    let admin = crm.admin().await;
    let foreign = format!("/customers/{}", text(&admin.customer(json!({"ownerId": other.id})).await["id"]));
    let own = text(&admin.customer(json!({"ownerId": rep.id})).await["id"]);
    let (header, claims, _) = parts(&rep.token);
    for (role, scope) in [("ADMIN", "*"), ("MANAGER", "customers:read_all customers:delete_all"), ("SALES_REP", "*")] {
        let claims = with(&claims, json!({"role": role, "scope": scope, "team": there, "teams": [there]}));
        let forged = Person { token: mint.sign(&header, &claims), ..rep.clone() };
        let me = forged.get("/auth/me").await.expect(200);
        assert_eq!((&me.data()["role"], &me.data()["team"]["id"]), (&json!("SALES_REP"), &json!(here)));
        assert!(!me.data()["scopes"].as_array().expect("scopes").contains(&json!("*")));
        assert_eq!(forged.ids("/customers").await, std::slice::from_ref(&own));
        assert_eq!(forged.ids("/users").await, std::slice::from_ref(&rep.id));
        forged.get(&foreign).await.expect(404);
        forged.patch(&foreign, json!({"company": "Mine"})).await.expect(404);
        forged.delete(&format!("/customers/{own}")).await.expect(403);
        forged.patch("/settings", json!({"dueSoonDays": 1})).await.expect(403);
        forged.post("/users", json!({"email": "x@crm.test", "password": "quite another secret"})).await.expect(403);
    }
}
