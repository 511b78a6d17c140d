//! What counts depend on beside the code: compiler, processor, C library and Valgrind.
//!
//! Budgets hold for one set of these: another compiler makes other instructions, another C library has another
//! allocator, and both it and the checksums choose their instructions by the processor.

use std::process::Command;

use alluvium::{Error, Result};

/// One line for each, in a fixed order.
pub(crate) fn describe(cpu: &str) -> Result<Vec<String>> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let compiler = said_by(Command::new(rustc).arg("--version"))?;
    // Not everywhere: what cannot be asked is the same until it can.
    let library = said_by(Command::new("getconf").arg("GNU_LIBC_VERSION"));
    let valgrind = said_by(Command::new("valgrind").arg("--version"))?;
    Ok(vec![
        compiler,
        library.unwrap_or_else(|_unknown| "another C library than glibc".to_owned()),
        valgrind,
        cpu.to_owned(),
    ])
}

/// The processor's level, as the running program sees it.
pub(crate) fn cpu() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        if has!("avx512f") && has!("avx512bw") && has!("avx512vl") {
            return "x86-64-v4";
        }
        if has!("avx2") && has!("bmi2") && has!("fma") {
            return "x86-64-v3";
        }
        if has!("sse4.2") && has!("popcnt") {
            return "x86-64-v2";
        }
    }
    std::env::consts::ARCH
}

fn said_by(command: &mut Command) -> Result<String> {
    let asked = format!("run {}", command.get_program().display());
    let output = command.output().map_err(|error| Error::io(&asked, error))?;
    if !output.status.success() {
        return Err(Error::invalid(format!("{asked}: {}", output.status)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
