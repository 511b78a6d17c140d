//! The memory of this process, as the system counts it.

/// The most bytes that were resident at one time (`VmHWM`).
pub(crate) fn peak_resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or(0) << 10
}

/// Forgets the peak so far (`/proc/self/clear_refs`).
pub(crate) fn forget_peak() {
    // Where it cannot be forgotten the peak is larger than it should be, never smaller.
    std::fs::write("/proc/self/clear_refs", "5").unwrap_or_default();
}
