#!/usr/bin/env bash
# Counts the instructions of the hot paths and compares them with their budgets (crates/alluvium/benches/instructions).
#
# Valgrind counts them. Where it is missing it is installed, as root or with a sudo that asks no password (Debian, Ubuntu);
# else this script says so and returns 3.
#
# Usage: scripts/instructions.sh [--keep DIRECTORY] [PATH...]
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v valgrind >/dev/null; then
  install="apt-get update && apt-get install --yes --no-install-recommends valgrind"
  if command -v apt-get >/dev/null; then
    if [ "$(id -u)" = 0 ]; then
      sh -c "$install" >&2 || true
    elif sudo -n true 2>/dev/null; then
      sudo sh -c "$install" >&2 || true
    fi
  fi
fi
if ! command -v valgrind >/dev/null; then
  echo "missing: valgrind, which counts instructions. Install your system's package of that name." >&2
  exit 3
fi
source scripts/env.sh
exec cargo bench --locked --quiet -p alluvium --bench instructions -- "$@"
