# Two commands do everything: `make demo` runs the main job, `make test` runs the tests.
# Both install what they need, or say what is missing. Builds go outside the clone (scripts/env.sh).

SHELL := /bin/bash
RUN := set -euo pipefail; scripts/setup.sh; source scripts/env.sh;

.PHONY: demo test test-parquet lint fuzz docs clean help bench bench-quick bench-lint bench-recovery bench-instructions

help:           ## Shows this list.
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

demo:           ## Runs the main job on real data: a crash, a rescale, a verified result. ARGS="--help" shows its options.
	@$(RUN) cargo run --locked --quiet -p alluvium-cli -- demo $(ARGS)

test:           ## Runs all tests. ALLUVIUM_TRIALS=1000 sets the number of random trials.
	@$(RUN) cargo test --locked --workspace $(ARGS)

test-parquet:   ## Tests the export to Parquet, which is off by default.
	@$(RUN) cargo test --locked --workspace --features alluvium-cli/parquet --bin alluvium parquet

lint:           ## Checks format, lints, docs and the direction of dependencies.
	@$(RUN) cargo fmt --all --check
	@$(RUN) cargo clippy --locked --workspace --all-targets -- -D warnings
	@# One after the other: the library and the command have one name, and their pages one directory.
	@$(RUN) RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --lib --no-deps --document-private-items --quiet
	@$(RUN) RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --bins --no-deps --document-private-items --quiet
	@$(RUN) scripts/dependency-directions.sh

fuzz:           ## Feeds every decoder of Flink's formats with hostile bytes, a minute each. ARGS="600 value" another time, one target.
	@scripts/fuzz.sh $(ARGS)

bench:          ## Measures everything beside its peers, for about two hours; writes docs/performance.md. ARGS="--only recovery" a part.
	@$(RUN) cd bench; cargo run --release --locked --features cobble --quiet -- run full $(ARGS)

bench-quick:    ## Measures every target beside the peers that it names, in less than 10 minutes; writes docs/performance.md.
	@$(RUN) cd bench; cargo run --release --locked --quiet -- run quick $(ARGS)

bench-lint:     ## Checks the benchmarks' own workspace: format, lints, tests.
	@$(RUN) cd bench; cargo fmt --check; cargo clippy --locked --all-targets -- -D warnings; cargo test --locked --quiet

bench-recovery: ## Measures restores at the same and at other parallelisms against row by row. ARGS="--rows 100000" is quick.
	@$(RUN) directory=$$(mktemp -d); trap 'rm -rf "$$directory"' EXIT; cd bench; \
	  cargo run --release --locked --quiet -- measure recovery --directory "$$directory" $(ARGS)

bench-instructions: ## Counts the instructions of the hot paths and compares them with their budgets. ARGS="value/" counts some.
	@$(RUN) scripts/instructions.sh $(ARGS)

docs:           ## Renders the API documentation.
	@$(RUN) cargo doc --locked --workspace --lib --no-deps --open

clean:          ## Deletes what was built, RocksDB's archive excepted.
	@$(RUN) cargo clean
