//! Lambda's side of a function, played in this process: the Runtime API that the function polls, and
//! the function's own process.

use crate::Failure;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, mpsc, watch};

/// How long a function may take to be ready, valgrind around it included.
const PATIENCE: Duration = Duration::from_secs(60);

/// The Runtime API of one function.
struct Api {
    events: Mutex<mpsc::Receiver<Bytes>>,
    answers: mpsc::Sender<Answer>,
    polled: watch::Sender<bool>,
    requests: AtomicU64,
}

/// What a function sent back.
pub enum Answer {
    /// What it answers.
    Response(Bytes),
    /// Why it could not.
    Error(Bytes),
}

impl Answer {
    /// The answer; fails where the function did.
    pub fn response(self) -> Result<Value, Failure> {
        match self {
            Self::Response(body) => Ok(serde_json::from_slice(&body)?),
            Self::Error(body) => Err(format!("the function failed: {}", String::from_utf8_lossy(&body)).into()),
        }
    }
}

impl Api {
    async fn serve(self: Arc<Self>, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(self.clone().connection(stream));
        }
    }

    async fn connection(self: Arc<Self>, stream: TcpStream) {
        // Waiting for more to send would be counted as the function's latency.
        let _ = stream.set_nodelay(true);
        let answer = service_fn(|request| self.answer(request));
        // A function that was stopped leaves its connection in the middle.
        let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Failure> {
        if request.uri().path().ends_with("/invocation/next") {
            self.polled.send_replace(true);
            let event = self.events.lock().await.recv().await.ok_or("the run is over")?;
            let number = self.requests.fetch_add(1, Ordering::Relaxed);
            return Ok(Response::builder()
                .header("lambda-runtime-aws-request-id", format!("8476a536-e9f4-11e8-9739-{number:012}"))
                .header("lambda-runtime-deadline-ms", "4102444800000")
                .header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:local:123456789012:function:bench")
                .header("content-type", "application/json")
                .body(Full::new(event))?);
        }
        let is_response = request.uri().path().ends_with("/response");
        let body = request.into_body().collect().await?.to_bytes();
        self.answers.send(if is_response { Answer::Response(body) } else { Answer::Error(body) }).await?;
        Ok(Response::builder().status(202).body(Full::default())?)
    }
}

/// A running function.
pub struct Function {
    child: Child,
    pid: u32,
    events: mpsc::Sender<Bytes>,
    answers: mpsc::Receiver<Answer>,
}

impl Function {
    /// Starts a binary with the environment that Lambda gives it, and waits for its first poll.
    pub async fn start(binary: &Path, handler: &str, variables: &[(&str, String)]) -> Result<Self, Failure> {
        Self::run(Command::new(binary), handler, variables).await
    }

    /// The instructions that a binary needs from its start to its first poll.
    pub async fn instructions_to_first_poll(binary: &Path, handler: &str, variables: &[(&str, String)]) -> Result<u64, Failure> {
        let mut command = Command::new("valgrind");
        command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(binary);
        let function = Self::run(command, handler, variables).await?;
        // valgrind tells what it counted when its program ends by a signal.
        Command::new("kill").arg(function.pid.to_string()).status().await?;
        let output = function.child.wait_with_output().await?;
        let told = String::from_utf8_lossy(&output.stderr);
        let count = told.lines().find_map(|line| line.split_once("Collected :")).and_then(|(_, count)| count.trim().parse().ok());
        Ok(count.ok_or_else(|| format!("valgrind did not count: {told}"))?)
    }

    async fn run(mut command: Command, handler: &str, variables: &[(&str, String)]) -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (events, receiver) = mpsc::channel(1);
        let (sender, answers) = mpsc::channel(1);
        let (told, mut polled) = watch::channel(false);
        let api = Api { events: Mutex::new(receiver), answers: sender, polled: told, requests: AtomicU64::new(0) };
        tokio::spawn(Arc::new(api).serve(listener));
        let path = std::env::var_os("PATH").unwrap_or_default();
        command
            .env_clear()
            .env("PATH", path)
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", handler)
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "example")
            .env("AWS_SESSION_TOKEN", "example")
            .env("_HANDLER", handler)
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| format!("{:?}: {error}", command.as_std().get_program()))?;
        let pid = child.id().ok_or("the function ended at once")?;
        // As at Lambda, somebody reads the log.
        if let Some(mut log) = child.stdout.take() {
            tokio::spawn(async move { tokio::io::copy(&mut log, &mut tokio::io::sink()).await });
        }
        let ready = tokio::select! {
            ready = tokio::time::timeout(PATIENCE, polled.wait_for(|polled| *polled)) => ready.is_ok_and(|polled| polled.is_ok()),
            _ = child.wait() => false,
        };
        let function = Self { child, pid, events, answers };
        if ready {
            return Ok(function);
        }
        let output = function.child.wait_with_output().await?;
        Err(format!("{handler} did not poll: {}", String::from_utf8_lossy(&output.stderr)).into())
    }

    /// Sends an event; what the function sends back.
    pub async fn ask(&mut self, event: &Value) -> Result<Answer, Failure> {
        self.events.send(Bytes::from(event.to_string())).await?;
        let answer = tokio::select! {
            answer = tokio::time::timeout(PATIENCE, self.answers.recv()) => answer.map_err(|_| "the function did not answer")?,
            // Its side of the Runtime API would wait for ever.
            _ = self.child.wait() => None,
        };
        Ok(answer.ok_or("the function is gone")?)
    }

    /// Sends a request; fails unless the function answers it with a success.
    pub async fn call(&mut self, event: &Value) -> Result<(), Failure> {
        let answer = self.ask(event).await?.response()?;
        let succeeded = answer["statusCode"].as_u64().is_some_and(|status| status < 300);
        if succeeded { Ok(()) } else { Err(format!("the function answered {answer}").into()) }
    }

    /// Nanoseconds of CPU that the function has used, over all its threads.
    pub fn cpu(&self) -> Result<u64, Failure> {
        let mut sum = 0;
        for task in std::fs::read_dir(format!("/proc/{}/task", self.pid))? {
            let text = std::fs::read_to_string(task?.path().join("schedstat"))?;
            sum += text.split_whitespace().next().and_then(|text| text.parse::<u64>().ok()).ok_or("no schedstat")?;
        }
        Ok(sum)
    }

    /// Bytes of memory that the function holds.
    pub fn resident(&self) -> Result<u64, Failure> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        let kibibytes: u64 = line.split_whitespace().next().ok_or("an empty VmRSS")?.parse()?;
        Ok(kibibytes * 1024)
    }
}
