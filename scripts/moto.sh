#!/usr/bin/env bash
# Makes a server that speaks S3 ready for the tests, and prints the Python that runs scripts/moto-server.py.
#
# The server is moto (PyPI), pinned with all it needs in scripts/moto-requirements.txt, in a Python environment of its own
# in the cache. The tests call this script themselves (crates/alluvium/tests/it/s3); where there is no Python 3.10 or
# newer, no venv module or no package index, it says so and fails, and they are skipped.
#
# Usage: $(scripts/moto.sh) scripts/moto-server.py
set -euo pipefail
cd "$(dirname "$0")"

recipe=$(cksum < moto-requirements.txt | cut -d' ' -f1)
out=${ALLUVIUM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/alluvium}/moto/$recipe
if [ -f "$out/ready" ]; then echo "$out/bin/python"; exit 0; fi

command -v python3 >/dev/null || { echo "no python3: install Python 3.10 or newer" >&2; exit 1; }
mkdir -p "$out"
exec 9>"$out.lock"
flock 9                                   # two clones may ask at the same time
if [ -f "$out/ready" ]; then echo "$out/bin/python"; exit 0; fi
echo "installing moto once into $out" >&2
python3 -m venv --clear "$out" >&2 || { echo "python3 -m venv failed: install python3-venv" >&2; exit 1; }
"$out/bin/python" -m pip install --quiet --disable-pip-version-check --retries 1 -r moto-requirements.txt >&2 ||
  { echo "pip could not install moto: is the package index reachable?" >&2; exit 1; }
touch "$out/ready"                        # last: the environment is whole
echo "$out/bin/python"
