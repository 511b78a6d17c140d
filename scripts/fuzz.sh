#!/usr/bin/env bash
# Feeds every decoder of foreign bytes with hostile ones: each target of fuzz/ for some seconds, as many at a time as there are cores.
#
# Begins with inputs from real snapshots (data/flink), those that were kept (fuzz/corpus) and those that earlier runs of this
# machine found (the cache). What breaks a decoder or a law is left in fuzz/artifacts, and belongs into fuzz/corpus when it is mended:
# the crate's tests run everything there.
#
# Usage: scripts/fuzz.sh [SECONDS [TARGET…]]     60 seconds and all targets by default
#        scripts/fuzz.sh keep                    put the smallest set of inputs that reaches as much into fuzz/corpus
# Exit codes: 1 if something was found, 3 if the fuzzer is missing (it says what).
set -euo pipefail
cd "$(dirname "$0")/.."

# Of each target: enough for the tests of every build, little enough for a repository.
kept_bytes_max=1024
kept_files_max=150
missing=()
cargo +nightly --version >/dev/null 2>&1 || missing+=("a nightly compiler: rustup toolchain install nightly --profile minimal")
cargo fuzz --version >/dev/null 2>&1 || missing+=("cargo-fuzz: cargo install cargo-fuzz --locked")
if [ ${#missing[@]} -gt 0 ]; then
  echo "fuzz.sh: the fuzzer cannot be run here; missing:" >&2
  printf '  %s\n' "${missing[@]}" >&2
  exit 3
fi

source scripts/env.sh
cache=${ALLUVIUM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/alluvium}
found=$cache/fuzz-corpus
mkdir -p "$found"
mapfile -t targets < <(cd fuzz/fuzz_targets && ls | sed 's/\.rs$//')
mode=${1:-60}
if [ $# -gt 1 ]; then targets=("${@:2}"); fi

ALLUVIUM_FUZZ_SEEDS=$found cargo test --quiet -p alluvium-flink --lib seeds_are_written -- --ignored >/dev/null
# Safe Rust: what a sanitizer would find is no concern, and without one ten times as much is tried.
export CARGO_TARGET_DIR=$cache/target-fuzz
fuzz() { cargo +nightly fuzz "$1" --sanitizer none "${@:2}"; }
fuzz build

if [ "$mode" = keep ]; then
  for target in "${targets[@]}"; do
    # What real snapshots reach is made anew in every run: only what reaches more is kept.
    work=$(mktemp -d)
    mkdir -p "fuzz/corpus/$target"
    mv "$found/$target"/seed-* "$work"/
    cp -n fuzz/corpus/"$target"/* "$work"/ 2>/dev/null || true
    ls "$work" >"$work.before"
    fuzz run "$target" "$work" "$found/$target" -- -merge=1 -max_len="$kept_bytes_max" >/dev/null 2>&1
    # The smallest first, up to the bound.
    room=$((kept_files_max - $(find "fuzz/corpus/$target" -type f | wc -l)))
    (cd "$work" && ls -Sr | grep -vxFf "$work.before" | head -n "$((room > 0 ? room : 0))" || true) | while read -r new; do cp "$work/$new" "fuzz/corpus/$target/"; done
    echo "$target: $(find "fuzz/corpus/$target" -type f | wc -l) kept"
    rm -rf "$work" "$work.before"
  done
  exit 0
fi

run() {
  local log
  log=$(mktemp)
  mkdir -p "fuzz/corpus/$1" "$found/$1"
  # What is new goes to the first folder. The least memory that real snapshots need, and time that no honest input takes.
  if fuzz run "$1" "$found/$1" "fuzz/corpus/$1" -- \
    -max_total_time="$mode" -rss_limit_mb=1024 -malloc_limit_mb=256 -timeout=10 -print_final_stats=1 >"$log" 2>&1; then
    echo "$1: $(grep -oE 'number_of_executed_units: *[0-9]+' "$log" | grep -oE '[0-9]+') inputs, nothing found"
    rm -f "$log"
  else
    echo "$1: FOUND something:"
    grep -vE '^#[0-9]+' "$log" | tail -n 40
    rm -f "$log"
    return 1
  fi
}
export -f run fuzz
export mode found
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I{} bash -euo pipefail -c 'run {}' || exit 1
