//! What the process says of its memory, from `/proc`. Zero where that is not to be had.

/// Resident memory in percent of the machine's, from 0 to 100.
pub(crate) fn used_percent() -> u8 {
    let resident = field("/proc/self/status", "VmRSS:");
    let total = field("/proc/meminfo", "MemTotal:");
    match (resident, total) {
        (Some(resident), Some(total)) if total > 0 => u8::try_from((resident * 100 / total).min(100)).unwrap_or(100),
        _ => 0,
    }
}

/// Resident memory in bytes.
pub(crate) fn resident_bytes() -> u64 {
    field("/proc/self/status", "VmRSS:").unwrap_or(0) * 1024
}

/// A line `Name:   123 kB`.
fn field(file: &str, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_running_process_uses_memory() {
        assert!(super::resident_bytes() > 0);
        assert!(super::used_percent() <= 100);
    }
}
