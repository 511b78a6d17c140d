//! What the bucket holds, and what each request does to it.

use std::collections::BTreeMap;

use super::BUCKET;
use super::Call;
use super::http::{Answer, Request, decoded};

/// Objects in one page of a listing; a client must ask for the next.
const PAGE: usize = 50;

/// When everything was written.
const MODIFIED: &str = "2026-01-01T00:00:00.000Z";
const LAST_MODIFIED: &str = "Thu, 01 Jan 2026 00:00:00 GMT";

/// All objects, and those that are begun.
#[derive(Default)]
pub(super) struct Bucket {
    objects: BTreeMap<String, Object>,
    begun: BTreeMap<String, BTreeMap<u32, Vec<u8>>>,
    writes: u64,
}

struct Object {
    bytes: Vec<u8>,
    tag: String,
}

impl Bucket {
    pub(super) fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        let objects = self.objects.iter();
        objects
            .map(|(key, object)| (key.clone(), object.bytes.clone()))
            .collect()
    }

    pub(super) fn unfinished(&self) -> usize {
        self.begun.len()
    }

    /// Does what the request asks for.
    pub(super) fn apply(&mut self, request: &Request) -> Answer {
        let rest = request.path.strip_prefix(BUCKET).unwrap_or_default();
        let key = rest.trim_start_matches('/');
        match request.call() {
            Call::Get => self.read(key, request),
            Call::Head => Answer {
                head_only: true,
                ..self.read(key, request)
            },
            Call::PutIfAbsent if self.objects.contains_key(key) => Answer::error(412),
            Call::Put | Call::PutIfAbsent => {
                let tag = self.write(key, request.body.clone());
                Answer::new(200, "").with("ETag", tag)
            }
            Call::Copy => self.copy(key, request.header("x-amz-copy-source")),
            Call::Delete => self.delete(key, &request.body),
            Call::List => self.list(request),
            Call::Begin => {
                self.writes += 1;
                let id = format!("upload-{}", self.writes);
                let body = element("InitiateMultipartUploadResult", &element("UploadId", &id));
                self.begun.insert(id, BTreeMap::new());
                Answer::new(200, body)
            }
            Call::Part => self.part(request),
            Call::Complete => self.complete(key, request),
            Call::Abort => {
                self.begun.remove(request.asked("uploadId"));
                Answer::new(204, "")
            }
        }
    }

    fn write(&mut self, key: &str, bytes: Vec<u8>) -> String {
        self.writes += 1;
        let tag = format!("\"{:x}-{:08x}\"", self.writes, crc32c::crc32c(&bytes));
        let object = Object {
            bytes,
            tag: tag.clone(),
        };
        self.objects.insert(key.to_owned(), object);
        tag
    }

    fn read(&self, key: &str, request: &Request) -> Answer {
        let Some(object) = self.objects.get(key) else {
            return Answer::error(404);
        };
        let all = object.bytes.len();
        let range = request.header("range").strip_prefix("bytes=");
        let range = range.and_then(|range| range.split_once('-'));
        let range = range.and_then(|(from, to)| {
            let last: usize = to.parse().unwrap_or(all);
            Some((from.parse().ok()?, last.saturating_add(1).min(all)))
        });
        let (status, (from, to)) = range.map_or((200, (0, all)), |range| (206, range));
        let Some(bytes) = object.bytes.get(from..to) else {
            return Answer::error(416);
        };
        let answer = Answer::new(status, bytes)
            .with("ETag", object.tag.clone())
            .with("Last-Modified", LAST_MODIFIED);
        if status == 200 {
            return answer;
        }
        let last = to.saturating_sub(1);
        answer.with("Content-Range", format!("bytes {from}-{last}/{all}"))
    }

    fn copy(&mut self, key: &str, from: &str) -> Answer {
        let from = decoded(from.trim_start_matches('/'));
        let from = from.strip_prefix(BUCKET).unwrap_or_default();
        let Some(object) = self.objects.get(from.trim_start_matches('/')) else {
            return Answer::error(404);
        };
        let bytes = object.bytes.clone();
        let tag = self.write(key, bytes);
        let body = element("ETag", &escaped(&tag)) + &element("LastModified", MODIFIED);
        Answer::new(200, element("CopyObjectResult", &body))
    }

    fn delete(&mut self, key: &str, body: &[u8]) -> Answer {
        if !key.is_empty() {
            self.objects.remove(key);
            return Answer::new(204, "");
        }
        let body = String::from_utf8_lossy(body);
        let mut deleted = String::new();
        for key in contents(&body, "Key") {
            self.objects.remove(&key);
            let entry = element("Deleted", &element("Key", &escaped(&key)));
            deleted.push_str(&entry);
        }
        Answer::new(200, element("DeleteResult", &deleted))
    }

    fn list(&self, request: &Request) -> Answer {
        let (prefix, after) = (request.asked("prefix"), request.asked("continuation-token"));
        let mut found = self
            .objects
            .iter()
            .filter(|(key, _)| key.starts_with(prefix) && key.as_str() > after);
        let page: Vec<_> = found.by_ref().take(PAGE).collect();
        let truncated = found.next().is_some();
        let mut body = element("IsTruncated", &truncated.to_string());
        if let Some((last, _)) = page.last().filter(|_| truncated) {
            body += &element("NextContinuationToken", &escaped(last));
        }
        for (key, object) in page {
            let size = object.bytes.len().to_string();
            let entry = element("Key", &escaped(key))
                + &element("Size", &size)
                + &element("LastModified", MODIFIED)
                + &element("ETag", &escaped(&object.tag));
            body += &element("Contents", &entry);
        }
        Answer::new(200, element("ListBucketResult", &body))
    }

    fn part(&mut self, request: &Request) -> Answer {
        let parts = self.begun.get_mut(request.asked("uploadId"));
        let (Some(parts), Ok(number)) = (parts, request.asked("partNumber").parse()) else {
            return Answer::error(404);
        };
        parts.insert(number, request.body.clone());
        Answer::new(200, "").with("ETag", format!("\"part-{number}\""))
    }

    fn complete(&mut self, key: &str, request: &Request) -> Answer {
        let Some(parts) = self.begun.remove(request.asked("uploadId")) else {
            return Answer::error(404);
        };
        let listed = contents(&String::from_utf8_lossy(&request.body), "PartNumber");
        let whole = listed
            .iter()
            .map(|number| parts.get(&number.parse().ok()?))
            .collect::<Option<Vec<_>>>();
        let Some(whole) = whole else {
            return Answer::error(400);
        };
        let tag = self.write(key, whole.into_iter().flatten().copied().collect());
        let body = element("ETag", &escaped(&tag));
        Answer::new(200, element("CompleteMultipartUploadResult", &body))
    }
}

fn element(name: &str, content: &str) -> String {
    format!("<{name}>{content}</{name}>")
}

/// The contents of all elements of that name, in order.
fn contents(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let inside = xml.split(&open).skip(1);
    inside
        .filter_map(|rest| rest.split_once(&close))
        .map(|(content, _)| unescaped(content))
        .collect()
}

const ESCAPES: [(&str, &str); 5] = [
    ("&", "&amp;"),
    ("<", "&lt;"),
    (">", "&gt;"),
    ("\"", "&quot;"),
    ("'", "&apos;"),
];

fn escaped(text: &str) -> String {
    let escape = |text: String, (plain, escape): (&str, &str)| text.replace(plain, escape);
    ESCAPES.into_iter().fold(text.to_owned(), escape)
}

/// The ampersand goes last, or what it begins would be taken for an escape.
fn unescaped(text: &str) -> String {
    let plain = |text: String, (plain, escape): (&str, &str)| text.replace(escape, plain);
    ESCAPES.into_iter().rev().fold(text.to_owned(), plain)
}
