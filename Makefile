# Everything a contributor runs. `make help` lists the targets.

GO      ?= go
BIN     := bin/grpcroute
PREFIX  ?= $(HOME)/.local
FUZZTIME ?= 15s
SOAK     ?= 5m
NIGHTLYFUZZ ?= 3m
TOOL    := $(GO) tool -modfile=tools/go.mod

# The toolchain on the machine is used as it is: nothing is fetched behind your
# back but the modules of go.mod.
export GOTOOLCHAIN ?= local

# nginx and haproxy are there, where the PATH of a user may not lead.
export PATH := $(PATH):/usr/local/sbin:/usr/sbin

.DEFAULT_GOAL := all
.PHONY: all help build demo test test-short lint fmt generate checkgenerate golden fuzz nightly bench bench-lint bench-proxy install clean new-rule

all: build test lint ## Build, test and lint

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build bin/grpcroute
	$(GO) build -o $(BIN) ./cmd/grpcroute

demo: build ## Show lint, status and explain on the manifests in examples/
	@PATH="$(CURDIR)/bin:$$PATH" sh examples/demo.sh

test: ## Install what tests need and run every test
	@sh internal/testtools.sh
	$(GO) mod download
	$(TOOL) -n grpcurl >/dev/null
	$(GO) vet ./...
	$(GO) test ./...
	cd internal/conformance && $(GO) vet ./... && $(GO) test ./...
	$(GO) -C tools/formats test ./...

test-short: ## Run the tests that take no time
	$(GO) test -short ./...

lint: ## Vet and check the code; with golangci-lint too where it is installed
	$(GO) vet ./...
	$(TOOL) staticcheck ./...
	@if command -v golangci-lint >/dev/null 2>&1; then golangci-lint run; else echo "golangci-lint is not installed: skipped"; fi

fmt: ## Format the code
	gofmt -w $$(git ls-files '*.go')

generate: ## Write completions, the CRD artifact, the schema of the configuration, the tables of README.md and docs/rules.md
	$(GO) run ./internal/crdgen
	$(GO) run ./internal/docgen
	UPDATE_GOLDEN=1 $(GO) test -count=1 -run 'TestCompletionsAreFresh' ./cmd
	UPDATE_GOLDEN=1 $(GO) test -count=1 -run 'TestSchemaIsPublished' ./config

checkgenerate: ## Fail if `make generate` would change anything
	@before=$$(git status --porcelain && git diff); \
	$(MAKE) --no-print-directory generate || exit 1; \
	after=$$(git status --porcelain && git diff); \
	if [ "$$before" != "$$after" ]; then \
		git --no-pager diff --stat; \
		echo "generated files are stale: run 'make generate' and commit what it changes" >&2; exit 1; \
	fi; \
	echo "generated files are fresh"

golden: ## Rewrite the wanted parts of all golden cases; read the diff
	UPDATE_GOLDEN=1 $(GO) test ./...

fuzz: ## Fuzz every target, FUZZTIME (15s) each
	@sh internal/fuzz.sh "$(FUZZTIME)"

nightly: ## Soak the data plane for SOAK (5m) under the race detector, and fuzz for longer
	GRPCROUTE_SOAK=$(SOAK) $(GO) test -race -count=1 -timeout 30m -run 'TestSoak' -v ./proxy
	$(GO) test -race -count=1 ./proxy/...
	@sh internal/fuzz.sh "$(NIGHTLYFUZZ)"

bench: build ## Run all benchmarks and write docs/benchmarks.md
	$(GO) run ./internal/benchdoc

bench-proxy: build ## Measure the data plane beside nginx, HAProxy, Caddy and Envoy; write docs/bench-proxy.md (ARGS=… for its flags)
	$(GO) build -o bin/bench ./bench
	bin/bench -install -out $(if $(findstring quick,$(ARGS)),-,docs/bench-proxy.md) $(ARGS)

bench-lint: ## Measure lint beside kubeconform and kubectl-validate and write docs/benchmarks-lint.md
	$(GO) run ./internal/benchdoc -peers -runs 5 -out docs/benchmarks-lint.md

install: build ## Install grpcroute, and kubectl-grpcroute beside it, below PREFIX (~/.local)
	install -d "$(DESTDIR)$(PREFIX)/bin"
	install -m 0755 $(BIN) "$(DESTDIR)$(PREFIX)/bin/grpcroute"
	ln -sf grpcroute "$(DESTDIR)$(PREFIX)/bin/kubectl-grpcroute"

clean: ## Remove what was built
	rm -rf bin dist

new-rule: ## Start a lint rule: make new-rule NAME=backend-port-missing
	@test -n "$(NAME)" || { echo "say which: make new-rule NAME=backend-port-missing" >&2; exit 2; }
	$(GO) run ./internal/newrule $(NAME)
