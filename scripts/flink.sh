#!/usr/bin/env bash
# Gets Apache Flink's jars of one version, and prints the directory that holds them.
#
# They are those of the Python package apache-flink-libraries, of a pinned checksum; nothing is installed. They lie in the
# cache beside RocksDB's archive, for every clone. Nothing needs them by default: tests that ask a real Flink
# (crates/alluvium-flink/tests/jvm) call this script and are skipped where it fails, unless ALLUVIUM_FLINK=required.
#
# Usage: scripts/flink.sh VERSION
# Exit codes: 2 for a version it does not know, 3 if something that is needed is missing or cannot be had (it says what).
set -euo pipefail
cd "$(dirname "$0")"

# A version, the end of its package's name, and the SHA-256 checksum. 2.3.0 and 1.20.5 are the judges of tests; the others wrote snapshots
# of data/flink/more.
versions='
2.3.0  _libraries-2.3.0-py2.py3-none-any.whl 38ece876553286b3a285cf344c2d2038f8a7ca10da5df54d5107250386d64151
2.2.1  _libraries-2.2.1-py2.py3-none-any.whl 74dc5546fbd9add8fbcdf1222a237e09491f9b80296241aef8676ec56f8e686e
2.1.3  _libraries-2.1.3.tar.gz               b48d3944755b9303f99d205ea1a9bcb798fc563a872c782393fb466f16d4f91c
2.0.2  _libraries-2.0.2.tar.gz               64dced9d0324a5f23f84e9cdf444d3fd64632169e477f001c21b422f39b995ba
1.20.5 _libraries-1.20.5.tar.gz              e6aee62ea1a1fe7b32e28894ad079f3f1a50a372a4caac3df52405267f4228c8
1.19.3 -libraries-1.19.3.tar.gz              4a58e3a1fb7d83340bc96b6c080624c6d792d69fae5d294b96224775204a9c60
1.18.1 -libraries-1.18.1.tar.gz              369ce11ab33e5e15cdd349db2f5412dcc2fad163b6a87aa93b927a3631bcca7f
1.16.3 -libraries-1.16.3.tar.gz              d15df4185e9c507836b031879b64e18f68955dd7e90cd7d39b450513ed64ebbe
1.15.4 -libraries-1.15.4.tar.gz              f4f622f55198073ee1be7db14ae2efe89af1a6fc9e4da8bc6e4759d7fa84f58a
'
version=${1:-}
found=$(echo "$versions" | awk -v version="$version" 'NF && $1 == version { print $2, $3 }')
if [ -z "$found" ]; then
  echo "usage: $0 VERSION, which is one of:$(echo "$versions" | awk '{ printf " %s", $1 }')" >&2
  exit 2
fi
read -r package checksum <<< "$found"
separator=${package%%libraries*}
package=apache${separator}flink$package
java_least=17
# Flink itself (before 1.17 its watchers of cleanup use a class of ZooKeeper's jar), the types of its tables, and what writes its warnings.
jars='flink-dist-[0-9].*|flink-shaded-zookeeper-.*|flink-table-api-java-uber-.*|flink-table-runtime-.*|log4j-(api|core|slf4j-impl)-.*'

cache=${ALLUVIUM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/alluvium}
out=$cache/flink-jars/$version

missing=()
has() { command -v "$1" >/dev/null 2>&1; }
for tool in java javac; do
  if ! has "$tool"; then
    missing+=("$tool, version $java_least or later (Debian: openjdk-17-jdk-headless)")
  else
    found=$("$tool" -version 2>&1 | grep -oE '[0-9]+[0-9.]*' | head -n 1)
    [ "${found%%.*}" -ge "$java_least" ] || missing+=("$tool, version $java_least or later (this is $found)")
  fi
done
for tool in python3 sha256sum flock; do has "$tool" || missing+=("$tool"); done
if [ ${#missing[@]} -gt 0 ]; then
  echo "flink.sh: Flink cannot be run here; missing:" >&2
  printf '  %s\n' "${missing[@]}" >&2
  exit 3
fi
if [ -d "$out/lib" ]; then echo "$out/lib"; exit 0; fi

mkdir -p "$out"
exec 9>"$out/.lock"
flock 9                                   # two clones may ask at the same time
if [ -d "$out/lib" ]; then echo "$out/lib"; exit 0; fi
work=$out/unpacking
rm -rf "$work" && mkdir -p "$work/lib"

is_whole() { [ -f "$1" ] && echo "$checksum  $1" | sha256sum --check --status -; }
from=$cache/flink/$package                # where an earlier download may lie
if ! is_whole "$from"; then
  from=$work/$package
  echo "downloading Flink $version once into $out: some 300 MB" >&2
  # pip may be set up to use a mirror.
  python3 -m pip download --quiet --no-deps --no-cache-dir --disable-pip-version-check --retries 1 \
    --dest "$work" "apache-flink-libraries==$version" >&2 ||
    { echo "flink.sh: pip could not download apache-flink-libraries $version: is the package index reachable?" >&2; exit 3; }
  is_whole "$from" || { echo "flink.sh: $from does not have the SHA-256 checksum $checksum" >&2; exit 3; }
fi
python3 - "$from" "$work/lib" "$jars" <<'PYTHON'
import os, re, shutil, sys, tarfile, zipfile
package, to, wanted = sys.argv[1:]
name_of = re.compile(r".*/(?:lib|deps/lib)/((?:%s)\.jar)" % wanted)
if package.endswith(".whl"):
    archive = zipfile.ZipFile(package)
    members = ((name, lambda name=name: archive.open(name)) for name in archive.namelist())
else:
    archive = tarfile.open(package, "r|gz")
    members = ((member.name, lambda member=member: archive.extractfile(member)) for member in archive)
for name, read in members:
    found = name_of.fullmatch(name)
    if found:
        with read() as source, open(os.path.join(to, found.group(1)), "wb") as target:
            shutil.copyfileobj(source, target)
PYTHON
[ "$(find "$work/lib" -name 'flink-dist-*.jar' | wc -l)" = 1 ] ||
  { echo "flink.sh: no flink-dist in $from" >&2; exit 3; }
mv "$work/lib" "$out/lib"                 # last: the directory exists only when it is whole
rm -rf "$work"
echo "$out/lib"
