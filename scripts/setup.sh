#!/usr/bin/env bash
# Checks for what the build needs beside Rust, and installs it where it may (Debian, Ubuntu).
#
# RocksDB is C++ and its binding is generated from its headers: a C++20 compiler, make, and libclang with its
# headers. As root, or with a sudo that asks no password, missing packages are installed; else they are named.
set -euo pipefail

missing=()
command -v g++ >/dev/null || missing+=(g++)
# x86-64-v2 and C++20 need version 11.
if command -v g++ >/dev/null && [ "$(g++ -dumpversion | cut -d. -f1)" -lt 11 ]; then
  echo "g++ $(g++ -dumpversion) is too old: 11 or newer is needed (Debian 12, Ubuntu 22.04)" >&2
  exit 2
fi
command -v make >/dev/null || missing+=(make)
command -v pkg-config >/dev/null || missing+=(pkg-config)
# libclang and clang's own headers (stdbool.h): libclang-dev brings both.
libclang=$(find /usr/lib/llvm-*/lib "${LIBCLANG_PATH:-/usr/lib/llvm}" -maxdepth 1 -name 'libclang-[0-9]*.so*' 2>/dev/null || true)
headers=$(find /usr/lib/llvm-*/lib/clang /usr/lib/clang -name stdbool.h 2>/dev/null || true)
[ -n "$libclang" ] && [ -n "$headers" ] || missing+=(libclang-dev)

if [ ${#missing[@]} -gt 0 ]; then
  if ! command -v apt-get >/dev/null; then
    echo "missing: ${missing[*]}. Install a C++20 compiler, make, pkg-config and libclang (with headers)." >&2
    exit 2
  fi
  install="apt-get update && apt-get install --yes --no-install-recommends ${missing[*]}"
  if [ "$(id -u)" = 0 ]; then
    sh -c "$install" >&2
  elif sudo -n true 2>/dev/null; then
    sudo sh -c "$install" >&2
  else
    echo "missing: ${missing[*]}. Install with:" >&2
    echo "  sudo sh -c '$install'" >&2
    exit 2
  fi
fi

if ! command -v cargo >/dev/null; then
  echo "missing: Rust 1.95 or newer. Install it from https://rustup.rs (or your distribution), then try again." >&2
  exit 2
fi
have=$(rustc --version | cut -d' ' -f2)
if [ "$(printf '%s\n1.95.0\n' "${have%%-*}" | sort -V | head -n 1)" != "1.95.0" ]; then
  echo "Rust $have is too old: 1.95 or newer is needed. Update with: rustup update stable" >&2
  exit 2
fi
