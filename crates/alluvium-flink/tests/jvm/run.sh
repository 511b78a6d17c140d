#!/usr/bin/env bash
# Compiles the Java programs beside this script against one version of Flink, and runs one of them.
#
# Compiled classes lie in the cache, one directory for each state of the sources.
#
# Usage: run.sh VERSION Restore|Fixture|Vectors ARGUMENTS…
# Exit codes: 3 if Flink cannot be run here (it says why); else those of the program.
set -euo pipefail
sources=$(cd "$(dirname "$0")" && pwd)
version=$1 program=$2
shift 2
jars=$("$sources/../../../../scripts/flink.sh" "$version")
cache=$(dirname "$jars")
# Beside those of all versions there are some in folders, of the versions that their names say.
folders=()
case $version in 1.1[0-8].*) folders+=(before-1.19) ;; esac
case $version in 1.1[0-5].*) folders+=(before-1.16) ;; *) folders+=(since-1.16) ;; esac
case $version in 2.*) folders+=(since-2.0) ;; esac
programs=("$sources"/*.java)
for folder in "${folders[@]}"; do
  while read -r source; do programs+=("$source"); done < <(find "$sources/$folder" -name '*.java' | sort)
done
key=$(cat "${programs[@]}" "$sources"/*.properties | sha256sum | cut -c1-16)
classes=$cache/classes-$key
if [ ! -d "$classes" ]; then
  exec 9>"$cache/.lock"
  flock 9                                 # two tests may come at the same time
  if [ ! -d "$classes" ]; then
    work=$cache/compiling
    rm -rf "$work" && mkdir -p "$work"
    # Deprecated methods of one version are the only ones of the other.
    javac -nowarn -XDignore.symbol.file -Xlint:-options --release 17 -encoding UTF-8 -cp "$jars/*" -d "$work" "${programs[@]}" >&2
    cp "$sources"/*.properties "$work/"
    mv "$work" "$classes"
  fi
  exec 9>&-
fi
opens=()
for package in java.lang java.lang.invoke java.lang.reflect java.math java.net java.nio java.text java.time java.util \
  java.util.concurrent java.util.concurrent.atomic java.util.concurrent.locks; do
  opens+=("--add-opens=java.base/$package=ALL-UNNAMED")
done
# The serial collector and the first compiler: the programs are short.
exec java -Xmx768m -Duser.timezone=UTC -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData "${opens[@]}" -cp "$classes:$jars/*" "$program" "$@"
