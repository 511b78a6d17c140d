#!/usr/bin/env bash
# Builds RocksDB's C++ once per machine, and prints the directory that holds the archive.
#
# The binding crate compiles some 340 C++ files one by one, for each Cargo profile again. Joining
# them into 26 larger files with one precompiled header takes about a quarter of the processor
# time, and the archive serves every profile and every clone. The sources are those of the binding
# crate that Cargo.lock pins, untouched. Where this script does not apply (not Linux on x86-64) it
# prints nothing, and Cargo compiles RocksDB itself: slower, the same result.
#
# Usage: ROCKSDB_LIB_DIR=$(scripts/rocksdb-archive.sh)      (Makefile and .ci/run do this)
set -euo pipefail
cd "$(dirname "$0")/.."

[ "$(uname -sm)" = "Linux x86_64" ] || exit 0

cargo fetch --locked --quiet >&2
sources_of() { # the directory of a package that Cargo.lock pins
  cargo metadata --format-version 1 --locked --offline |
    grep -o "\"manifest_path\":\"[^\"]*/$1-[^\"/]*/Cargo.toml\"" | head -n 1 | sed 's/.*:"//; s|/Cargo.toml"$||'
}
sys=$(sources_of rust-librocksdb-sys)
lz4=$(sources_of lz4-sys)
cxx=${CXX:-g++}
recipe=2                                  # raise it when flags or sources below change
key=$(basename "$sys")-$recipe-$("$cxx" --version | head -n 1 | cksum | cut -d' ' -f1)
out=${ALLUVIUM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/alluvium}/rocksdb/$key
if [ -f "$out/librocksdb.a" ]; then echo "$out"; exit 0; fi

mkdir -p "$out"
exec 9>"$out/.lock"
flock 9                                   # two clones may ask at the same time
if [ -f "$out/librocksdb.a" ]; then echo "$out"; exit 0; fi
work=$out/build
rm -rf "$work" && mkdir -p "$work"
jobs=$(nproc)
echo "building RocksDB ($(basename "$sys")) once into $out; about 10 minutes of one core" >&2

flags="-std=c++20 -O2 -g0 -march=x86-64-v2 -mpclmul -fPIC -pthread -include cstdint -fno-builtin-memcmp
  -DNDEBUG=1 -DHAVE_ALIGNED_NEW -DHAVE_UINT128_EXTENSION -DLZ4=1 -DSNAPPY=1 -DHAVE_BUILTIN_EXPECT=1
  -DHAVE_BUILTIN_CTZ=1 -DHAVE_BUILTIN_PREFETCH=1 -DROCKSDB_USE_RTTI -DOS_LINUX
  -DROCKSDB_PLATFORM_POSIX -DROCKSDB_LIB_IO_POSIX -DROCKSDB_SCHED_GETCPU_PRESENT
  -DROCKSDB_AUXV_GETAUXVAL_PRESENT -DROCKSDB_FALLOCATE_PRESENT -DROCKSDB_RANGESYNC_PRESENT
  -DROCKSDB_BACKTRACE -w
  -I$sys/rocksdb/include -I$sys/rocksdb -I$sys -I$lz4/liblz4/lib -I$sys/snappy"

cat > "$work/joined.h" <<'H'
#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>
#include "db/db_impl/db_impl.h"
H
# shellcheck disable=SC2086
"$cxx" $flags -x c++-header "$work/joined.h" -o "$work/joined.h.gch"

# 26 groups of about the same number of bytes, in the order of the crate's own list.
(cd "$sys/rocksdb" && grep -v -e '^ *$' -e 'util/build_version.cc' ../rocksdb_lib_sources.txt | xargs wc -c) |
  awk -v dir="$work" -v root="$sys/rocksdb" '
    $2 == "total" { next }
    { size[NR] = $1; name[NR] = $2; sum += $1; n = NR }
    END { for (i = 1; i <= n; i++) { g = int(26 * done / sum); done += size[i];
          printf "#include \"%s/%s\"\n", root, name[i] > sprintf("%s/group%02d.cc", dir, g) } }'
cp "$sys/build_version.cc" "$work/version.cc"
# Snappy, which the binding crate brings along.
for source in snappy snappy-sinksource snappy-c; do
  printf '#include "%s/snappy/%s.cc"\n' "$sys" "$source"
done > "$work/snappy.cc"
export cxx flags work
# shellcheck disable=SC2016
ls -S "$work"/*.cc | xargs -P "$jobs" -I{} sh -c \
  '$cxx $flags -include "$work/joined.h" -c {} -o {}.o && echo "  $(ls "$work"/*.o | wc -l) of 28" >&2'
ar crs "$work/librocksdb.a" "$work"/*.o
cp -r "$sys/rocksdb/include" "$out/"
mv "$work/librocksdb.a" "$out/librocksdb.a"   # last: the archive exists only when it is whole
rm -rf "$work"
echo "$out"
