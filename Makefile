# The commands of the house. `go run . demo` and `go test ./...` need none of this.
VERSION ?=

.PHONY: build static test screenshots generate lint ci

build: ## a binary for this machine
	go build -o bin/upshot .

static: ## one that needs nothing beside it
	CGO_ENABLED=1 go build -trimpath -tags "sqlite_omit_load_extension,netgo,osusergo,timetzdata" \
	  -ldflags '-s -w -linkmode external -extldflags "-static" -X upshot/app.Version=$(VERSION)' -o bin/upshot .

test:
	go test ./...

screenshots: ## pictures of every page, light and dark, wide and narrow; needs Chromium
	go test ./app -run CanBeRead -screenshots $(CURDIR)/bin/screenshots

generate: ## after a change of a .templ file
	go tool templ generate

lint:
	golangci-lint run ./...

ci: ## what must hold before a change lands
	.ci/run
