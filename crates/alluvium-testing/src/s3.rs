//! A server that speaks as much of S3 as an object store's client uses, and fails as scripted.
//!
//! Objects are in memory. A script says what goes wrong with the n-th request of a kind, on the wire, where no wrapper
//! around a storage can: statuses, answers that are lost after the write, bodies that stall, end early or are wrong.
//! Everything else is as S3 does it, conditional writes as one atomic step included. Signatures are not checked,
//! times stand still, and there is one bucket, [`BUCKET`].
//!
//! `http` reads requests and writes answers, `objects` is what the bucket holds.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use alluvium::Result;
use alluvium::storage::{Storage, open_with};

use self::http::{Answer, Request};
use self::objects::Bucket;

mod http;
mod objects;

/// The name of the server's only bucket.
pub const BUCKET: &str = "bucket";

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "one for each request of a client")]
pub enum Call {
    /// Reads an object, or a range of it.
    Get,
    /// Reads what is known of an object.
    Head,
    /// Writes an object.
    Put,
    /// Writes an object unless it exists.
    PutIfAbsent,
    /// Writes an object with the content of another.
    Copy,
    /// Deletes objects.
    Delete,
    /// Lists objects.
    List,
    /// Begins an object in parts.
    Begin,
    /// Writes a part.
    Part,
    /// Makes an object of parts.
    Complete,
    /// Gives parts up.
    Abort,
}

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "tests choose among all of them")]
pub enum Fault {
    /// It has no effect and is answered with this status: 409, 500, 503, …
    Status(u16),
    /// It takes effect, and the connection is closed instead of an answer.
    LostAnswer,
    /// It has no effect and is never answered, until the server ends.
    Silence,
    /// Half of the body is sent, and nothing more until the server ends.
    StalledBody,
    /// Half of the body is sent, and the connection is closed.
    TruncatedBody,
    /// The body has a wrong byte in its middle.
    WrongByte,
}

/// A running server. It ends when dropped, and with it every connection.
pub struct S3Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    bucket: Mutex<Bucket>,
    script: Mutex<Script>,
    /// Notified when a request begins to hang, and when the server ends.
    changed: Condvar,
    /// Notified when the bucket may have changed.
    applied: Condvar,
}

#[derive(Default)]
struct Script {
    calls: BTreeMap<Call, u64>,
    faults: BTreeMap<(Call, u64), Fault>,
    always: BTreeMap<Call, Fault>,
    hanging: usize,
    ended: bool,
}

impl S3Server {
    /// Starts a server on a free port of this machine.
    ///
    /// # Errors
    /// When the system gives no port or no thread.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let shared: Arc<Shared> = Arc::default();
        let serving = Arc::clone(&shared);
        let accept = move || {
            for stream in listener.incoming() {
                if serving.script().ended {
                    return;
                }
                let serving = Arc::clone(&serving);
                let serve = move |stream| serving.serve(stream);
                // A client whose connection fails says so in its test.
                drop(stream.map(|stream| thread::Builder::new().spawn(move || serve(stream))));
            }
        };
        thread::Builder::new().spawn(accept)?;
        Ok(Self { address, shared })
    }

    /// Where it listens: for clients in other processes, which take it from `AWS_ENDPOINT`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The storage in the folder `prefix` of the bucket.
    ///
    /// # Errors
    /// When the crate was built without its feature `aws`.
    pub fn storage(&self, prefix: &str) -> Result<Arc<dyn Storage>> {
        storage_at(&self.address.to_string(), BUCKET, prefix)
    }

    /// Plans `fault` for the `nth` request of this kind from now on; 1 is the next.
    pub fn fail(&self, call: Call, nth: u64, fault: Fault) {
        let mut script = self.shared.script();
        let number = script.calls_of(call) + nth;
        script.faults.insert((call, number), fault);
    }

    /// Plans `fault` for every request of this kind.
    pub fn fail_always(&self, call: Call, fault: Fault) {
        self.shared.script().always.insert(call, fault);
    }

    /// How many requests of this kind there were, failed ones included.
    #[must_use]
    pub fn calls(&self, call: Call) -> u64 {
        self.shared.script().calls_of(call)
    }

    /// Names and contents of all objects.
    #[must_use]
    pub fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        self.shared.bucket().objects()
    }

    /// Waits until no object is begun any more: what a client gives up, it may give up in the background.
    pub fn wait_until_nothing_is_unfinished(&self) {
        let mut bucket = self.shared.bucket();
        while bucket.unfinished() > 0 {
            let waited = self.shared.applied.wait(bucket);
            bucket = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until a request hangs: is never answered, or has a stalled body.
    pub fn wait_until_one_hangs(&self) {
        let script = self.shared.script();
        let waited = self
            .shared
            .changed
            .wait_while(script, |script| script.hanging == 0);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}

impl fmt::Debug for S3Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Server")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.shared.script().ended = true;
        self.shared.changed.notify_all();
        // Wakes the thread that accepts; it may be gone.
        drop(TcpStream::connect(self.address));
    }
}

impl Script {
    fn calls_of(&self, call: Call) -> u64 {
        self.calls.get(&call).copied().unwrap_or(0)
    }

    fn next(&mut self, call: Call) -> Option<Fault> {
        let count = self.calls.entry(call).or_insert(0);
        *count += 1;
        let number = *count;
        let planned = self.faults.remove(&(call, number));
        planned.or_else(|| self.always.get(&call).copied())
    }
}

impl Shared {
    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bucket(&self) -> MutexGuard<'_, Bucket> {
        self.bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn apply(&self, request: &Request) -> Answer {
        let answer = self.bucket().apply(request);
        self.applied.notify_all();
        answer
    }

    /// Answers requests until the client leaves or the script closes the connection.
    fn serve(&self, stream: TcpStream) {
        // Answers are small and in two pieces: the second would wait for the first's acknowledgement.
        if stream.set_nodelay(true).is_err() {
            return;
        }
        let mut connection = io::BufReader::new(stream);
        // A connection that breaks is the client's to report.
        while let Ok(Some(request)) = Request::read(&mut connection) {
            let stream = connection.get_mut();
            if !matches!(self.answer(&request, stream), Ok(true)) {
                return;
            }
        }
    }

    /// Whether the connection stays open.
    fn answer(&self, request: &Request, stream: &mut TcpStream) -> io::Result<bool> {
        let fault = self.script().next(request.call());
        match fault {
            None => self.apply(request).write(stream)?,
            Some(Fault::Status(status)) => Answer::error(status).write(stream)?,
            Some(Fault::LostAnswer) => {
                drop(self.apply(request));
                return Ok(false);
            }
            Some(Fault::Silence) => {
                self.hang();
                return Ok(false);
            }
            Some(Fault::StalledBody) => {
                let answer = self.apply(request);
                answer.write_half(stream)?;
                self.hang();
                return Ok(false);
            }
            Some(Fault::TruncatedBody) => {
                let answer = self.apply(request);
                answer.write_half(stream)?;
                return Ok(false);
            }
            Some(Fault::WrongByte) => {
                let mut answer = self.apply(request);
                answer.spoil();
                answer.write(stream)?;
            }
        }
        Ok(true)
    }

    /// Until the server ends.
    fn hang(&self) {
        let mut script = self.script();
        script.hanging += 1;
        self.changed.notify_all();
        let ended = self.changed.wait_while(script, |script| !script.ended);
        drop(ended.unwrap_or_else(PoisonError::into_inner));
    }
}

/// The storage in the folder `prefix` of a bucket at `address`, a host and port that speaks S3 to anybody.
///
/// # Errors
/// When the crate was built without its feature `aws`.
pub fn storage_at(address: &str, bucket: &str, prefix: &str) -> Result<Arc<dyn Storage>> {
    let endpoint = format!("http://{address}");
    let settings = [
        ("AWS_ENDPOINT", endpoint.as_str()),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ];
    open_with(&format!("s3://{bucket}/{prefix}"), &settings)
}
