//! HTTP/1.1, as far as a client of S3 uses it: requests with a length, answers with a length.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};

use super::Call;

/// A request with its body.
#[derive(Debug, Default)]
pub(super) struct Request {
    pub(super) method: String,
    /// Decoded, without the leading slash.
    pub(super) path: String,
    /// Decoded.
    pub(super) query: BTreeMap<String, String>,
    /// By names in lower case.
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// The next request of a connection; `None` when the client has left.
    pub(super) fn read(connection: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut line = String::new();
        if connection.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let mut words = line.split_whitespace();
        let (method, target) = (words.next(), words.next());
        let (Some(method), Some(target)) = (method, target) else {
            return Err(io::Error::other("not a request"));
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let mut request = Self {
            method: method.to_owned(),
            path: decoded(path.trim_start_matches('/')),
            query: pairs
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .map(|(name, value)| (decoded(name), decoded(&value.replace('+', " "))))
                .collect(),
            ..Self::default()
        };
        loop {
            let mut header = String::new();
            connection.read_line(&mut header)?;
            let Some((name, value)) = header.trim_end().split_once(':') else {
                break;
            };
            let (name, value) = (name.to_ascii_lowercase(), value.trim().to_owned());
            request.headers.insert(name, value);
        }
        let length = request.headers.get("content-length");
        let length = length.map_or(Ok(0), |length| length.parse::<usize>());
        request.body.resize(length.map_err(io::Error::other)?, 0);
        connection.read_exact(&mut request.body)?;
        Ok(Some(request))
    }

    /// What it asks for.
    pub(super) fn call(&self) -> Call {
        let asks = |name: &str| self.query.contains_key(name);
        let says = |name: &str| self.headers.contains_key(name);
        match self.method.as_str() {
            "PUT" if asks("partNumber") => Call::Part,
            "PUT" if says("x-amz-copy-source") => Call::Copy,
            "PUT" if says("if-none-match") => Call::PutIfAbsent,
            "PUT" => Call::Put,
            "POST" if asks("uploads") => Call::Begin,
            "POST" if asks("delete") => Call::Delete,
            "POST" => Call::Complete,
            "DELETE" if asks("uploadId") => Call::Abort,
            "DELETE" => Call::Delete,
            "HEAD" => Call::Head,
            _ if asks("list-type") => Call::List,
            _ => Call::Get,
        }
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(super) fn asked(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
    /// Whether the body stays away, as after a HEAD; its length is told all the same.
    pub(super) head_only: bool,
}

impl Answer {
    pub(super) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
            head_only: false,
        }
    }

    pub(super) fn with(mut self, header: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((header, value.into()));
        self
    }

    /// The answer of a request that fails, in the words of S3.
    pub(super) fn error(status: u16) -> Self {
        let code = match status {
            404 => "NoSuchKey",
            409 => "ConditionalRequestConflict",
            412 => "PreconditionFailed",
            503 => "SlowDown",
            _ => "InternalError",
        };
        let body = format!("<Error><Code>{code}</Code><Message>as scripted</Message></Error>");
        Self::new(status, body)
    }

    pub(super) fn write(&self, stream: &mut impl Write) -> io::Result<()> {
        self.write_head(stream)?;
        if !self.head_only {
            stream.write_all(&self.body)?;
        }
        stream.flush()
    }

    /// Tells the whole length and sends half of the body.
    pub(super) fn write_half(&self, stream: &mut impl Write) -> io::Result<()> {
        self.write_head(stream)?;
        let (half, _) = self.body.split_at(self.body.len() / 2);
        stream.write_all(half)?;
        stream.flush()
    }

    /// Changes a byte in the middle of the body.
    pub(super) fn spoil(&mut self) {
        let middle = self.body.len() / 2;
        if let Some(byte) = self.body.get_mut(middle) {
            *byte ^= 1;
        }
    }

    fn write_head(&self, stream: &mut impl Write) -> io::Result<()> {
        let mut head = format!("HTTP/1.1 {} Scripted\r\n", self.status);
        for (name, value) in &self.headers {
            head.extend([name, ": ", value.as_str(), "\r\n"]);
        }
        head.extend(["Content-Length: ", &self.body.len().to_string(), "\r\n\r\n"]);
        stream.write_all(head.as_bytes())
    }
}

/// The text that was percent-encoded.
pub(super) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        let code = match (first, after) {
            (b'%', [high, low, ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                let code = digit(high).zip(digit(low));
                code.and_then(|(high, low)| u8::try_from(high * 16 + low).ok())
            }
            _ => None,
        };
        if code.is_some() {
            rest = after.get(2..).unwrap_or_default();
        }
        bytes.push(code.unwrap_or(*first));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
