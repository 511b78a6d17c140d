# Sourced by Makefile and .ci/run: where builds go, and the RocksDB archive.
#
# Builds go outside the clone, to a directory of each clone's own: Cargo tells whether a file of the
# workspace was built by its time alone, so that two clones in one directory could get each other's builds. What
# takes long, RocksDB's C++, is shared by all.
alluvium_cache=${ALLUVIUM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/alluvium}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$alluvium_cache/target-$(pwd -P | cksum | cut -d' ' -f1)}
archive=$(scripts/rocksdb-archive.sh)
if [ -n "$archive" ]; then
  export ROCKSDB_LIB_DIR=$archive ROCKSDB_INCLUDE_DIR=$archive/include ROCKSDB_STATIC=1
fi
