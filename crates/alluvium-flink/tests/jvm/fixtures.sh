#!/usr/bin/env bash
# Writes data/flink/more anew: small snapshots of Flink, each a folder with, beside it, what Flink reads from it: NAME.jsonl.gz.
#
# Checkpoints name their files by where they were written: below file:/data/flink/checkpoints, as those of data/flink do. That
# directory must be writable; it is removed in the end.
#
# Usage: fixtures.sh [VERSION…]        (of these versions; without any of all of them, several minutes)
set -euo pipefail
cd "$(dirname "$0")"
target=$(cd ../../../../data/flink && pwd)/more
work=/data/flink/checkpoints/more
rm -rf "$work" && mkdir -p "$work" "$target"
# Versions of which there are a few snapshots each, for what they write otherwise.
others='1.16.3 1.18.1 1.19.3 2.0.2 2.1.3 2.2.1'
read -ra versions <<< "${*:-2.3.0 1.20.5 $others}"

two=$work/2.3.0.requests one=$work/1.20.5.requests
some=operators=keyed-all+tumbling-agg+tumbling-list+session-agg
older=operators=keyed-all+tumbling-list+session-agg
keys=operators=long-keys+tuple-keys+pair-keys+namespaces
compressed=execution.checkpointing.snapshot-compression=true
cat > "$two" <<'REQUESTS'
kinds-canonical-rocksdb  operators=kinds,keys=5,format=canonical
kinds-canonical-heap     operators=kinds,keys=3,format=canonical,backend=hashmap
kinds-native-heap        operators=kinds,keys=3,max=16,format=native,backend=hashmap
kinds-native-rocksdb     operators=few-kinds,keys=5,format=native
keys-canonical-rocksdb   KEYS,keys=9,parallelism=2,format=canonical
keys-native-rocksdb      operators=namespaces,keys=9,format=native
keys-native-heap         KEYS,keys=9,max=16,format=native,backend=hashmap
wide-canonical-rocksdb   operators=keyed-all,keys=8,max=1000,format=canonical
wide-canonical-heap      operators=namespaces,keys=8,parallelism=3,max=300,format=canonical,backend=hashmap
wide-native-rocksdb      operators=tuple-keys,keys=9,max=1000,format=native
wide-native-heap         operators=long-keys,keys=9,max=300,format=native,backend=hashmap
max-129-canonical        operators=tuple-keys,keys=9,max=129,format=canonical
snappy-canonical         SOME,keys=8,format=canonical,COMPRESSED
snappy-native-heap       SOME,keys=8,max=16,format=native,backend=hashmap,COMPRESSED
timers-on-heap           operators=long-keys,keys=6,max=16,format=checkpoint,execution.checkpointing.incremental=true,state.backend.rocksdb.timer-service.factory=HEAP
timers-on-heap-canonical operators=long-keys,keys=6,format=canonical,state.backend.rocksdb.timer-service.factory=HEAP
full-checkpoint-rocksdb  operators=tuple-keys,keys=9,format=checkpoint,execution.checkpointing.incremental=false
table-canonical-rocksdb  operators=table-rows,keys=5,format=canonical
table-native-heap        operators=table-rows,keys=3,max=16,format=native,backend=hashmap
inline-canonical         operators=keyed-all,keys=8,max=16,format=canonical,execution.checkpointing.data-inline-threshold=1mb
inline-heap-checkpoint   operators=session-agg+tumbling-list,keys=8,max=16,format=checkpoint,backend=hashmap,execution.checkpointing.data-inline-threshold=1mb
inline-rocksdb           operators=tuple-keys,keys=8,max=16,format=checkpoint,execution.checkpointing.data-inline-threshold=1mb,execution.checkpointing.incremental=true
REQUESTS
cat > "$one" <<'REQUESTS'
flink-1-canonical-heap   SOME,keys=6,format=canonical,backend=hashmap
flink-1-native-heap      SOME,keys=6,max=16,format=native,backend=hashmap
flink-1-kinds            operators=kinds,keys=3,format=canonical
flink-1-table            operators=table-rows,keys=3,format=canonical
flink-1-native-rocksdb   operators=tuple-keys,keys=6,format=native
REQUESTS
for version in $others; do
  cat > "$work/$version.requests" <<REQUESTS
v$version-canonical  OLDER,keys=6,max=16,format=canonical
v$version-native     operators=tuple-keys,keys=6,format=native
v$version-checkpoint OLDER,keys=6,max=16,format=checkpoint,backend=hashmap
REQUESTS
done
for version in "${versions[@]}"; do
  requests=$work/$version.requests
  [ -f "$requests" ] || { echo "fixtures.sh: there are none of Flink $version" >&2; exit 2; }
  sed -i "s/SOME/$some/; s/OLDER/$older/; s/KEYS/$keys/; s/COMPRESSED/$compressed/" "$requests"
  arguments=() asked=$work/asked
  while read -r name rest; do arguments+=("out=$work/$name,$rest"); done < "$requests"
  timeout 300 ./run.sh "$version" Fixture "${arguments[@]}" 2> "$work/log" || { cat "$work/log"; exit 1; }
  while read -r name rest; do
    rm -rf "$target/$name" "$target/$name.jsonl.gz" && mkdir "$target/$name"
    snapshot=$target/$name
    # A job that a savepoint was taken of may have made a checkpoint of its own before.
    if ! cp -r "$work/$name"/savepoint-*/. "$snapshot/" 2>/dev/null; then
      cp -r "$work/$name/checkpoints" "$snapshot/"
      snapshot=$(echo "$snapshot"/checkpoints/*/chk-*)
    fi
    printf 'snapshot=%s\tparallelism=1\tbackend=rocksdb\tout=%s\tfrom=file:%s\tto=file:%s\n' \
      "$snapshot" "$target/$name.jsonl" "$work" "$target"
  done < "$requests" > "$asked"
  timeout 300 ./run.sh "$version" Restore < "$asked" 2> "$work/log" | tee "$work/answers"
  ! grep error "$work/answers"
done
rm -rf "$work" && rmdir -p --ignore-fail-on-non-empty "$(dirname "$work")"
gzip -9nf "$target"/*.jsonl
du -sb "$target"
