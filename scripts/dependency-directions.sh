#!/usr/bin/env bash
# Fails when a crate depends on one that the architecture does not allow (docs/architecture.md).
set -euo pipefail
cd "$(dirname "$0")/.."

tree() { cargo tree --locked --quiet --package "$1" --edges normal --prefix none --format '{p}' "${@:2}" | cut -d' ' -f1 | sort -u; }
failed=0

# forbid CRATE PATTERN: no dependency of CRATE, direct or not, may match PATTERN.
forbid() {
  local found
  found=$(tree "$1" | grep -v "^$1\$" | grep -E -- "$2" || true)
  if [ -n "$found" ]; then
    echo "$1 must not depend on: $(echo "$found" | tr '\n' ' ')" >&2
    failed=1
  fi
}

# allow CRATE CRATES...: of the workspace, CRATE may name only these.
allow() {
  local crate=$1 found
  shift
  found=$(tree "$crate" --depth 1 | grep -E '^alluvium' | grep -vx "$crate" || true)
  for dependency in $found; do
    case " $* " in *" $dependency "*) ;; *)
      echo "$crate must not name $dependency" >&2; failed=1 ;;
    esac
  done
}

forbid alluvium-protocol '^(alluvium.*|tokio|object_store|.*rocksdb.*|timely.*|serde_json|tracing|hyper|reqwest)$'
forbid alluvium '^(alluvium-(rocksdb|timely|testing|cli)|.*rocksdb.*|timely.*|clap)$'
forbid alluvium-rocksdb '^(alluvium-(timely|testing|cli)|timely.*)$'
forbid alluvium-flink '^(alluvium-(timely|testing|cli)|timely.*|clap)$'
forbid alluvium-timely '^(alluvium-(testing|cli)|.*rocksdb.*|clap)$'

allow alluvium-protocol
allow alluvium alluvium-protocol
allow alluvium-rocksdb alluvium alluvium-protocol
allow alluvium-flink alluvium alluvium-protocol alluvium-rocksdb
allow alluvium-timely alluvium alluvium-protocol
allow alluvium-testing alluvium alluvium-protocol
allow alluvium-cli alluvium alluvium-protocol alluvium-flink alluvium-rocksdb alluvium-timely
exit $failed
