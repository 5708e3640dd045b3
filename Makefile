# The two commands of a fresh clone: `make demo` and `make test`. They install the toolchain into
# .toolchain/ where PATH has no suitable one. Those who have Deno 2.9 and Zig 0.16 may use the tasks
# of deno.json instead.

SHELL := /bin/sh
export PATH := $(CURDIR)/.toolchain/bin:$(PATH)
DENO := .toolchain/bin/deno

.PHONY: demo test build compile bench fmt lint abi clean

demo:
	@sh tools/toolchain.sh $@
	@$(DENO) task $@

test:
	@sh tools/toolchain.sh $@
	@$(DENO) task $@

bench:
	@sh tools/toolchain.sh $@
	@$(DENO) task $@

build compile fmt lint abi:
	@sh tools/toolchain.sh build
	@$(DENO) task $@

clean:
	rm -rf zig-out .zig-cache dist
