#!/usr/bin/env bash
# Writes data/flink/serializers/runtime.jsonl anew: the serializers of Flink 2.3.0's own operators, and of its library for complex
# event processing, whose jar is got from Maven's central repository.
#
# Usage: run.sh > ../../../../../data/flink/serializers/runtime.jsonl
# Exit codes: 3 if Flink cannot be run here (it says why); else those of the program.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
version=2.3.0
jars=$("$here/../../../../../scripts/flink.sh" "$version")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy -Dartifact="org.apache.flink:flink-cep:$version" \
  -DoutputDirectory="$work" >&2
javac -nowarn -XDignore.symbol.file -Xlint:-options --release 17 -encoding UTF-8 -cp "$jars/*:$work/*" -d "$work" "$here"/../*.java "$here"/*.java >&2
cp "$here"/../*.properties "$work/"
java -Duser.timezone=UTC -XX:TieredStopAtLevel=1 -cp "$work:$jars/*:$work/*" RuntimeVectors
