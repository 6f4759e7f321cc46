# Wince. `make help` tells what there is; every target installs what it needs and is missing, and says so.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# What `wince version` prints; the image build, which has no .git, passes it.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)

# The OpenCV binding names every OpenCV library to the linker: 366 shared libraries with all that they need. Linking only
# those that are called leaves 264 and halves the time to start.
export CGO_LDFLAGS := -Wl,--as-needed
# The tests use Debian's browser; no package may download one of its own.
export CHROMIUM ?= /usr/bin/chromium
export PUPPETEER_SKIP_DOWNLOAD := 1
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD := 1

GO_BUILD := go build -trimpath -buildvcs=$(if $(shell git rev-parse HEAD 2>/dev/null),true,false)
# Linters and benchstat have a module of their own, to keep some two hundred modules out of go.mod.
GO_TOOL := go tool -modfile=.ci/tools/go.mod
APP := web/app
# Empty while there is no app, so that the server can be built alone.
HAS_APP := $(wildcard $(APP)/package.json)
# A FHIR client that is not ours, with a lock of its own: the app does not need it.
FHIR_CLIENT := web/fhir/testdata/client
E2E := WINCE="$(CURDIR)/bin/wince" npm --prefix $(APP) run e2e
APP_SOURCES := $(if $(HAS_APP),$(shell find $(APP) \( -name node_modules -o -name dist \) -prune -o -type f -print))

##@ Use

.PHONY: demo
demo: build ## measure a rendered face live over WebRTC and keep the assessment (DEMO_EXIT=1: stop by itself)
	bin/wince demo $(if $(filter-out 0 no false,$(DEMO_EXIT)),--exit)

.PHONY: run
run: build ## start the server on https://localhost:8443, data in ./data (ARGS="--listen :9443" for other flags)
	bin/wince serve $(ARGS)

.PHONY: build
build: bin/wince models ## make bin/wince with the tablet app in it, and bin/models

.PHONY: models
models: bin/wince ## fetch and convert the model files that bin/models lacks
	bin/wince models fetch

##@ Check

.PHONY: test
test: setup build $(FHIR_CLIENT)/node_modules/.installed ## vet, all tests with the race detector, the app's tests, the browser tests, three minutes of soak
	.ci/steps \
	  '& soak' 'nice -n 5 bin/wince soak --minutes 3 --streams 2 --life 5s' \
	  'go vet' 'go vet -race ./...' \
	  'go test' 'go test -race -timeout 10m ./...' \
	  'FHIR client' 'WINCE="$(CURDIR)/bin/wince" npm --prefix $(FHIR_CLIENT) test' \
	  $(if $(HAS_APP),'app tests' 'npm --prefix $(APP) test' 'browser tests' '$(E2E)')

.PHONY: e2e
e2e: setup build ## only the browser tests: the real binary, Chromium, a clip as its camera
	$(if $(HAS_APP),$(E2E),@echo 'There is no tablet app to test.')

.PHONY: kill
kill: setup ## kill a writing process 200 times at random points and look for what was acknowledged (KILLS=n for another number)
	go test -race -timeout 30m -count 1 ./store -run TestKill -v -kills $(or $(KILLS),200)

.PHONY: faults
faults: setup build ## run the built server through bad networks (needs root) and hold the results against the bars (ONLY=loss for some)
	go test -timeout 20m -count 1 ./cmd/wince -run TestFaultsMeasured -v -faults $(if $(ONLY),-only '$(ONLY)')

.PHONY: soak
soak: build ## an hour of tablets that come and go, and what grows meanwhile (MINUTES=n for another length)
	bin/wince soak --minutes $(or $(MINUTES),60)

# The linter loads packages as the build made them, hence -trimpath: else it compiles OpenCV's binding again.
.PHONY: lint
lint: build ## golangci-lint with the import table, the app's types and style
	.ci/steps \
	  'lock files name no registry' '! git grep -n "\"resolved\"" -- "*package-lock.json"' \
	  'go.mod is tidy' 'go mod tidy -diff' \
	  'C only where it is bound or vectorised' '! git grep -n "^import \"C\"" -- "*.go" ":!stream/decode" ":!stream/encode" ":!vision/opencv" ":!vision/pixel" ":!vision/blaze"' \
	  'golangci-lint' 'GOFLAGS="$${GOFLAGS:-} -trimpath" $(GO_TOOL) golangci-lint run ./...' \
	  $(if $(HAS_APP),'app types and style' 'npm --prefix $(APP) run check')

.PHONY: bench
bench: build ## benchmarks of all packages (COUNT=6 repeats, PKG=./vision/..., BASE=file compares with an earlier result)
	@mkdir -p build
	go test -run '^$$' -bench . -benchmem -count $(or $(COUNT),1) $(or $(PKG),./...) | tee build/bench.txt
	$(if $(BASE),$(GO_TOOL) benchstat $(BASE) build/bench.txt)

.PHONY: budget
budget: setup build ## what the tablet app costs a slow tablet: script, time until it can be used, pictures a second (RUNS=9 repeats)
	WINCE="$(CURDIR)/bin/wince" npm --prefix $(APP) run budget

.PHONY: visual-update
visual-update: setup build ## take the key screens' pictures anew, which the visual test compares with: look at them before you commit
	WINCE="$(CURDIR)/bin/wince" npm --prefix $(APP) run visual-update

.PHONY: screenshots
screenshots: setup build ## make the pictures in docs/img again
	WINCE="$(CURDIR)/bin/wince" npm --prefix $(APP) run screenshots

##@ House-keeping

.PHONY: setup
setup: build-packages build/go-modules $(if $(HAS_APP),$(APP)/node_modules/.installed) ## install what is missing to build and test; with nothing missing it takes a moment
	docker/packages.sh install test

.PHONY: clean
clean: ## remove what the other targets made; data in ./data stays
	rm -rf bin build $(APP)/node_modules $(FHIR_CLIENT)/node_modules
	if [ -d $(APP)/dist ]; then find $(APP)/dist -mindepth 1 ! -name .gitkeep -delete; fi

.PHONY: help
help: ## this list
	@awk 'BEGIN { FS = ":.*## " } /^##@/ { printf "\n%s\n", substr($$0, 5) } /^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# What follows is made for the targets above.

.PHONY: build-packages
build-packages:
	docker/packages.sh tools
	docker/packages.sh install build

build/go-modules: go.sum | build-packages
	@mkdir -p build
	go mod download
	touch $@

# Go has its own cache of what changed, so it is always asked.
.PHONY: bin/wince
bin/wince: build-packages $(if $(HAS_APP),build/app)
	$(GO_BUILD) -ldflags "-X main.version=$(VERSION)" -o $@ ./cmd/wince

# Install scripts are not needed and are other people's code: they do not run.
$(APP)/node_modules/.installed $(FHIR_CLIENT)/node_modules/.installed: %/node_modules/.installed: %/package-lock.json | build-packages
	npm --prefix $* ci --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

build/app: $(APP)/node_modules/.installed $(APP_SOURCES)
	npm --prefix $(APP) run build
	@mkdir -p build
	touch $(APP)/dist/.gitkeep $@
