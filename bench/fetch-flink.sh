#!/usr/bin/env bash
# Gets Apache Flink's jars and compiles bench/flink against them. Prints one line on stdout: the class path.
#
# The jars are those of the Python package apache-flink-libraries, of a pinned version and checksum; nothing is installed.
# They lie in the cache beside RocksDB's archive, and so do the compiled classes, one directory for each state of the
# sources. What is half done never counts: a directory gets its name when it is whole.
#
# Exit codes: 3 if something that is needed is missing (it says what), 1 if a download or the compiler failed.
set -euo pipefail
cd "$(dirname "$0")"

version=2.3.0
wheel=apache_flink_libraries-$version-py2.py3-none-any.whl
checksum=38ece876553286b3a285cf344c2d2038f8a7ca10da5df54d5107250386d64151
url=https://files.pythonhosted.org/packages/40/33/e4ee83e79da52516632a768a54380e5c4e7e505f16d4f56591d65fcd7e6c/$wheel
# Flink itself, and what writes its warnings to stderr.
jars="flink-dist-$version.jar log4j-api-2.25.3.jar log4j-core-2.25.3.jar log4j-slf4j-impl-2.25.3.jar"
java_least=17

cache=${ALLUVIUM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/alluvium}
out=$cache/flink-$version

missing=()
has() { command -v "$1" >/dev/null 2>&1; }
for tool in java javac; do
  if ! has "$tool"; then
    missing+=("$tool, version $java_least or later (Debian: openjdk-17-jdk-headless)")
  else
    # "openjdk version "17.0.15" …" or "javac 17.0.15"
    found=$("$tool" -version 2>&1 | grep -oE '[0-9]+[0-9.]*' | head -n 1)
    if [ "${found%%.*}" -lt "$java_least" ]; then
      missing+=("$tool, version $java_least or later (this is $found)")
    fi
  fi
done
has sha256sum || missing+=("sha256sum (Debian: coreutils)")
has flock || missing+=("flock (Debian: util-linux)")
if [ ! -d "$out/jars" ]; then
  has unzip || has python3 || missing+=("unzip or python3, to unpack $wheel")
  if [ ! -f "$cache/flink/$wheel" ]; then
    { has python3 && python3 -m pip --version >/dev/null 2>&1; } || has curl || missing+=("pip (python3 -m pip) or curl, to download $wheel")
  fi
fi
if [ ${#missing[@]} -gt 0 ]; then
  echo "fetch-flink.sh: Flink cannot be measured here; missing:" >&2
  printf '  %s\n' "${missing[@]}" >&2
  exit 3
fi

is_whole() { [ -f "$1" ] && echo "$checksum  $1" | sha256sum --check --status -; }

download() { # into directory $1
  if has python3 && python3 -m pip --version >/dev/null 2>&1; then
    # pip may be set up to use a mirror, so it comes first.
    python3 -m pip download --quiet --no-deps --no-cache-dir --only-binary :all: --disable-pip-version-check \
      --dest "$1" "apache-flink-libraries==$version" >&2 && return
    echo "fetch-flink.sh: pip could not download it" >&2
  fi
  has curl && curl --fail --silent --show-error --location --output "$1/$wheel" "$url"
}

mkdir -p "$out"
exec 9>"$out/.lock"
flock 9                                   # two clones may ask at the same time

if [ ! -d "$out/jars" ]; then
  work=$out/unpacking
  rm -rf "$work" && mkdir -p "$work"
  from=$cache/flink/$wheel                # where an earlier download may lie
  if ! is_whole "$from"; then
    echo "downloading Flink $version once into $out: 329 MB" >&2
    if ! download "$work"; then
      echo "fetch-flink.sh: $wheel could not be downloaded" >&2
      exit 1
    fi
    from=$work/$wheel
    if ! is_whole "$from"; then
      echo "fetch-flink.sh: $from does not have the SHA-256 checksum $checksum" >&2
      exit 1
    fi
  fi
  mkdir "$work/jars"
  for jar in $jars; do
    if has unzip; then
      unzip -q -j "$from" "pyflink/lib/$jar" -d "$work/jars"
    else
      python3 -c 'import sys, zipfile; wheel, name, to = sys.argv[1:]
open(to, "wb").write(zipfile.ZipFile(wheel).read(name))' "$from" "pyflink/lib/$jar" "$work/jars/$jar"
    fi
  done
  mv "$work/jars" "$out/jars"             # last: the jars exist only when all do
  rm -rf "$work"
fi

class_path=
for jar in $jars; do class_path=$class_path:$out/jars/$jar; done

key=$( (cat flink/*.java flink/*.properties; javac -version 2>&1; echo "$version") | sha256sum | cut -c1-16)
classes=$out/classes-$key
if [ ! -d "$classes" ]; then
  work=$out/compiling
  rm -rf "$work" && mkdir -p "$work"
  javac -Xlint:all,-classfile,-processing -Werror --release "$java_least" -encoding UTF-8 -cp "${class_path#:}" -d "$work" flink/*.java >&2
  cp flink/*.properties "$work/"
  mv "$work" "$classes"
fi
echo "$classes$class_path"
