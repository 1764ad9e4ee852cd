//! The HTTP front over raw TCP.
#![allow(clippy::unwrap_used, clippy::expect_used)]
#![expect(clippy::panic, reason = "a test that cannot go on has to fail")]

use lambda_http::request::RequestContext;
use lambda_http::{Body, Request, RequestExt, Response};
use local::{Front, Handler};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

static LEFT_RAN_ON: AtomicBool = AtomicBool::new(false);

async fn answer(request: Request) -> Response<Body> {
    let path = request.raw_http_path().to_owned();
    match path.as_str() {
        "/panic" => panic!("on purpose"),
        "/slow" => {
            tokio::time::sleep(Duration::from_millis(300)).await;
            LEFT_RAN_ON.store(true, Ordering::SeqCst);
            Response::new("slow".into())
        }
        "/binary" => Response::builder()
            .status(201)
            .header("set-cookie", "a=1")
            .header("set-cookie", "b=2")
            .header("content-length", "99")
            .body(Body::Binary(vec![0, 255, 1]))
            .unwrap(),
        _ => {
            let RequestContext::ApiGatewayV2(context) = request.request_context() else {
                panic!("not an HTTP API request");
            };
            let header = |name: &str| {
                let values: Vec<_> = request.headers().get_all(name).iter().collect();
                values.iter().map(|v| v.to_str().unwrap()).collect::<Vec<_>>().join("|")
            };
            let body = match request.body() {
                Body::Text(text) => format!("text:{text}"),
                Body::Binary(bytes) => format!("binary:{}", bytes.len()),
                _ => "empty".to_owned(),
            };
            let text = format!(
                "{} {path} uri={} q={:?} x={} cookie={} ip={:?} ua={:?} stage={:?} id={} body={body}",
                request.method(),
                request.uri(),
                request.query_string_parameters().first("q"),
                header("x-multi"),
                header("cookie"),
                context.http.source_ip,
                context.http.user_agent,
                context.stage,
                context.request_id == Some(request.lambda_context().request_id),
            );
            Response::new(text.into())
        }
    }
}

struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<()>,
}

async fn start(change: impl FnOnce(&mut Front)) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let handler: Handler = Arc::new(|request| Box::pin(answer(request)));
    let mut front = Front::new(handler);
    change(&mut front);
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(front.serve(listener, async { drop(stopped.await) }));
    Server { address, stop, task }
}

async fn send(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may answer and close before it has read everything.
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

async fn get(address: SocketAddr, path: &str) -> String {
    send(address, format!("GET {path} HTTP/1.1\r\nHost: crm.local\r\nConnection: close\r\n\r\n").as_bytes()).await
}

#[tokio::test]
async fn a_request_arrives_as_api_gateway_would_send_it() {
    let server = start(|_| {}).await;
    let answer = send(
        server.address,
        b"POST /a%20b/c?q=1%202&r= HTTP/1.1\r\nHost: crm.local:8080\r\nX-Multi: 1\r\nx-multi: 2\r\n\
        Cookie: a=1; b=2\r\nUser-Agent: test\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    for part in [
        "POST /a%20b/c ",
        "uri=http://crm.local:8080/a%20b/c?q=1%202&r=",
        "q=Some(\"1 2\")",
        "x=1,2 ",
        "cookie=a=1; b=2 ",
        "ip=Some(\"127.0.0.1\")",
        "ua=Some(\"test\")",
        "stage=Some(\"$default\")",
        "id=true",
        "body=text:{}",
    ] {
        assert!(answer.contains(part), "{part} is missing in {answer}");
    }
    let answer = send(
        server.address,
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\
        Connection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    )
    .await;
    assert!(answer.contains("body=binary:3"), "{answer}");
    let answer = get(server.address, "/binary").await;
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(answer.contains("set-cookie: a=1\r\nset-cookie: b=2"), "{answer}");
    assert!(answer.contains("content-length: 3"), "{answer}");
}

#[tokio::test]
async fn bad_requests_and_bad_handlers_are_contained() {
    let server = start(|_| {}).await;
    assert!(get(server.address, "/panic").await.starts_with("HTTP/1.1 500"));
    for host in ["", "a b", "[::", "%zz", "a:b:c", "x:99999999", "xn--\u{1}"] {
        let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let answer = send(server.address, request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{host}: {answer}");
    }
    let answer = send(server.address, b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(send(server.address, b"nonsense\r\n\r\n").await.starts_with("HTTP/1.1 400"));
    let answer = get(server.address, "/a/../b//c?x=%zz").await;
    assert!(answer.contains("GET /a/../b//c "), "{answer}");
    assert!(get(server.address, "/fine").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn large_bodies_are_refused() {
    let server = start(|_| {}).await;
    let head = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
    let answer = send(server.address, format!("{head}Content-Length: 70000000\r\n\r\n").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    let mut chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
    for _ in 0..7 {
        chunked.extend(b"100000\r\n");
        chunked.extend(vec![b'x'; 0x10_0000]);
        chunked.extend(b"\r\n");
    }
    chunked.extend(b"0\r\n\r\n");
    let answer = send(server.address, &chunked).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    let mut fits = format!("{head}Content-Type: a/b\r\nContent-Length: 6291456\r\n\r\n").into_bytes();
    fits.extend(vec![b'x'; 6_291_456]);
    let answer = send(server.address, &fits).await;
    assert!(answer.contains("body=binary:6291456"), "{answer}");
}

#[tokio::test]
async fn slow_clients_are_let_go_and_disturb_nobody() {
    let server = start(|front| {
        front.head_timeout = Duration::from_millis(200);
        front.body_timeout = Duration::from_millis(200);
    })
    .await;
    let mut slow = Vec::new();
    for _ in 0..50 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHo").await.unwrap();
        slow.push(stream);
    }
    let start = Instant::now();
    assert!(get(server.address, "/fine").await.starts_with("HTTP/1.1 200"));
    assert!(start.elapsed() < Duration::from_millis(150), "{:?}", start.elapsed());
    for mut stream in slow {
        let mut rest = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(2), stream.read_to_end(&mut rest));
        read.await.expect("the connection is closed").ok();
    }
    let answer = send(server.address, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab").await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test]
async fn shutdown_finishes_what_is_under_way() {
    let server = start(|_| {}).await;
    let address = server.address;
    let waiting = tokio::spawn(async move { get(address, "/slow").await });
    // One client leaves; one keeps an idle connection.
    let mut gone = TcpStream::connect(address).await.unwrap();
    gone.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let _idle = TcpStream::connect(address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(gone);
    let start = Instant::now();
    server.stop.send(()).unwrap();
    server.task.await.unwrap();
    assert!(waiting.await.unwrap().contains("slow"));
    assert!(LEFT_RAN_ON.load(Ordering::SeqCst));
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert!(TcpStream::connect(address).await.is_err());
}
