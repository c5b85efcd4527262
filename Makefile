# Everything here needs Go alone, but for what says otherwise. The race detector
# also needs a C compiler: without one the tests run without it, and say so.

DESKMOVE := go run ./infra/deskmove
DATA     ?= .data
ADDR     ?= 127.0.0.1:8420
FUZZTIME ?= 30s
FAULTS   ?= 1000000
GOARCH_FUNCTIONS ?= arm64
TOOL      = go tool -modfile=infra/tools/go.mod
TSC       = .cache/typescript/node_modules/.bin/tsc
RACE      = $(if $(filter 1,$(shell go env CGO_ENABLED)),-race)

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-zA-Z_%-]+:.*## /{printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## Move a channel of sample mail while traffic arrives, and verify it
	$(DESKMOVE) demo

.PHONY: run
run: ## Serve on port 8420 and keep the data in .data
	$(DESKMOVE) serve --data $(DATA) --addr $(ADDR)

.PHONY: test
test: lint ## Run vet, staticcheck, gosec and every test with the race detector
	@[ -f .cache/peers/stamp ] || echo "NOTE: the stand-ins for AWS are not installed, so tests against them are skipped: run make peers"
	@[ -f .cache/browser/stamp ] || echo "NOTE: what drives a browser is not installed, so tests of the console in one are skipped: run make browser"
	@[ -n "$(DESKMOVE_MAIL)" ] || echo "NOTE: DESKMOVE_MAIL names no folder, so tests with real mail are skipped: see .github/CONTRIBUTING.md"
	$(if $(RACE),,@echo "no C compiler: the race detector is off")
	go test $(RACE) -timeout 30m ./...
	go test -count 1 -timeout 30m ./infra/test/browser # with the race detector it takes minutes
	go test -count 1 -run HundredMillion ./infra/test/drills # so does this
	$(if $(DESKMOVE_MAIL),go test -count 1 -run TestRealMail ./shared/cli # with the race detector it takes minutes)
	go test ./infra/test/simulation -count 1 -timeout 24h -run TestSimulation -faults $(FAULTS)

.PHONY: quick
quick: lint ## Run vet, staticcheck, gosec and the unit tests: no race detector, peers, simulation, kills or slow tests
	go test -short -p 8 $$(go list ./... | grep -v ^deskmove/infra/test/)

.PHONY: lint
lint: ## Run gofmt, vet, staticcheck, gosec and, where it is installed, TypeScript
	@unformatted=$$(gofmt -l $(wildcard events functions infra shared)); \
	if [ -n "$$unformatted" ]; then echo "run gofmt -w on:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	$(TOOL) staticcheck ./...
	$(TOOL) gosec -quiet -exclude-generated ./...
	@if [ -x $(TSC) ]; then $(TSC) -p shared/console; else echo "NOTE: TypeScript is not installed, so the pages' types are not checked: run make typescript"; fi

.PHONY: bench
bench: ## Measure the move against the raw database, and a list that is scrolled in a browser, one line of JSON a case
	go run ./infra/test/bench --conversations 100000,1000000
	go test -count 1 ./infra/test/browser -run TestScroll -scroll -v

.PHONY: bench-aws
bench-aws: peers ## Count what a move costs on AWS, on a peer, and start each function cold
	DYNAMODB_PORT=18420 SQS_PORT=18421 infra/test/peers/run go run ./infra/test/benchaws --endpoint http://127.0.0.1:18420
	go test ./functions -run '^$$' -bench ColdStart -benchtime 20x

.PHONY: peers
peers: ## Install the stand-ins for AWS that some tests use (needs Python and npm)
	@infra/test/peers/install

.PHONY: browser
browser: ## Install what tests the console in a browser: Chromium, Playwright and axe (needs npm)
	@infra/test/browser/install

.PHONY: pictures
pictures: browser ## Write pictures of all the console's pages, and of every widget and alarm in the drills, to .cache/pictures
	@rm -rf .cache/measured
	go test -count 1 ./infra/test/drills -measured $(CURDIR)/.cache/measured
	go test -count 1 -timeout 30m ./infra/test/browser -run TestPictures -pictures

.PHONY: functions
functions: ## Build the Lambda functions into bin/functions (GOARCH_FUNCTIONS=arm64 or amd64)
	@for f in $(notdir $(patsubst %/,%,$(dir $(wildcard functions/*/main.go)))); do \
		CGO_ENABLED=0 GOOS=linux GOARCH=$(GOARCH_FUNCTIONS) go build -trimpath -tags lambda.norpc -ldflags "-s -w" \
			-o bin/functions/$$f/bootstrap ./functions/$$f || exit 1; \
	done

.PHONY: sam-build
sam-build: ## Build the functions for AWS into .aws-sam (needs SAM)
	CGO_ENABLED=0 GOFLAGS="-tags=lambda.norpc '-ldflags=-s -w'" sam build

.PHONY: sam-local
sam-local: ## Run the functions in containers, and all that is around them, on port 3000 (needs Docker)
	@infra/samlocal/run

.PHONY: build
build: ## Build the program as bin/deskmove
	go build -trimpath -o bin/deskmove ./infra/deskmove

.PHONY: openapi
openapi: ## Write infra/openapi.yaml from the API's types
	$(DESKMOVE) openapi --write

.PHONY: console
console: ## Build the console's pages: the API's types for them, and shared/console/dist
	go generate ./shared/console

.PHONY: typescript
typescript: ## Install TypeScript, which checks the pages' types (needs npm)
	@mkdir -p .cache/typescript
	@cp infra/tools/package*.json .cache/typescript/
	cd .cache/typescript && npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error

.PHONY: types
types: ## Check the types of the console's pages (needs make typescript)
	@[ -x $(TSC) ] || { echo "TypeScript is not installed: run make typescript"; exit 1; }
	$(TSC) -p shared/console

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME (30s)
	@go list -f '{{.Dir}}' ./... | while read -r dir; do \
		for target in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]*' "$$dir"/*_test.go 2>/dev/null | cut -c6-); do \
			echo "$$dir: $$target"; \
			(cd "$$dir" && go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 2s .) || exit 1; \
		done; \
	done

.PHONY: simulation
simulation: ## Move channels in simulated worlds full of faults: FAULTS=1000000, or SEED=12345 to replay one
	@mkdir -p .cache
	go test ./infra/test/simulation -count 1 -timeout 24h -v \
		$(if $(SEED),-run TestSeed -seed $(SEED) -tracefile $(CURDIR)/.cache/simulation.txt,-run TestSimulation -faults $(FAULTS))

.PHONY: drills
drills: ## Make each alarm's condition come true on this machine, follow the runbook until it is over, and model 100 million
	go test ./infra/test/drills -count 1 -v

.PHONY: lines
lines: ## Count Go's lines: the product (what functions and program are built of) and the rest (tests and their kit)
	@product=$$(go list -deps -f '{{if .Module}}{{if .Module.Main}}{{range .GoFiles}}{{$$.Dir}}/{{.}}{{"\n"}}{{end}}{{end}}{{end}}' \
		./functions/... ./infra/deskmove | xargs cat | wc -l); \
	all=$$(git ls-files '*.go' | xargs cat | wc -l); \
	echo "$$product product, $$((all - product)) rest, $$all in all"

.PHONY: clean
clean: ## Delete what was built; data in .data stays
	rm -rf bin .cache .aws-sam
	go clean -testcache
