# Sourced by Makefile and .ci/run: where builds go, and the RocksDB archive.
# A target directory outside the clone lets every clone on a machine share one build.
alluvium_cache=${ALLUVIUM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/alluvium}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$alluvium_cache/target}
archive=$(scripts/rocksdb-archive.sh)
if [ -n "$archive" ]; then
  export ROCKSDB_LIB_DIR=$archive ROCKSDB_INCLUDE_DIR=$archive/include ROCKSDB_STATIC=1
fi
