// Package api is the same as the pages, as JSON under /api/v1: a request becomes a question to a domain word, the answer becomes JSON.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"upshot/app/account"
	"upshot/app/catalog"
	"upshot/app/deployment"
	"upshot/app/followup"
	"upshot/app/incident"
	"upshot/app/jirasync"
	"upshot/app/problem"
	"upshot/app/rootcause"
	"upshot/app/triage"
)

// Prefix is where every address of the API begins.
const Prefix = "/api/v1"

// maxBody is how long the body of a request may be, in bytes.
const maxBody = 1 << 20

// API serves JSON. Reads come from Store, what changes something goes to the services.
type API struct {
	Store       Store
	Tokens      Tokens
	Catalog     *catalog.Editing
	Incidents   *incident.Service
	Problems    *problem.Service
	Notes       *rootcause.Service
	FollowUps   *followup.Service
	Deployments *deployment.Service
	Triage      *triage.Service
	Jira        *jirasync.Sync
	Poll        time.Duration // how often Jira is read

	Log     *slog.Logger
	Now     func() time.Time
	BaseURL string // as people type it, without a slash at the end

	roles   map[string]account.Role // by method and path as echo writes it
	openapi []byte
}

// Tokens tells whose token it is, or a Denied fault.
type Tokens interface {
	ActorOfToken(ctx context.Context, raw string) (account.Actor, error)
}

// Store is what the API reads, and where several steps become one change.
type Store interface {
	InTx(ctx context.Context, do func(ctx context.Context) error) error
	answers
	incidentReads
	problemReads
	noteReads
	followUpReads
	catalogReads
	documentReads
	deploymentReads
	measureReads
	jiraReads
	triageReads
}

// Register adds every address to e, and lets trouble under /api be answered as JSON; so it comes after the pages
// have set their HTTPErrorHandler. signedIn, when given, puts the actor of a browser's session into the request.
func (a *API) Register(e *echo.Echo, signedIn ...echo.MiddlewareFunc) {
	pages := e.HTTPErrorHandler
	e.HTTPErrorHandler = func(err error, c echo.Context) {
		if strings.HasPrefix(c.Request().URL.Path, "/api/") {
			a.Trouble(err, c)
			return
		}
		pages(err, c)
	}
	before := append([]echo.MiddlewareFunc{headers, readable}, signedIn...)
	g := e.Group(Prefix, append(before, a.asks, a.once)...)
	words := humaecho.NewWithGroup(e, g, a.config())

	a.roles = map[string]account.Role{}
	methods := map[string][]string{}
	for _, r := range routes() {
		path := strings.NewReplacer("{", ":", "}", "").Replace(r.path)
		a.roles[r.method+" "+Prefix+path] = r.role
		methods[path] = append(methods[path], r.method)
		r.add(a, words, r.operation())
	}
	for path, allowed := range methods {
		g.Match(others(allowed), path, methodNotAllowed(allowed))
	}
	g.RouteNotFound("/*", func(echo.Context) error { return echo.ErrNotFound })

	spec, err := words.OpenAPI().MarshalJSON()
	if err != nil { // only our own plain values come here
		panic(err)
	}
	a.openapi = spec
}

// Address is one address of the API, as openapi.json spells it.
type Address struct {
	Method, Path string
	Role         account.Role // what it asks for
}

// Routes lists every address.
func Routes() []Address {
	var all []Address
	for _, r := range routes() {
		all = append(all, Address{Method: r.method, Path: r.path, Role: r.role})
	}
	return all
}

// Describe adds the addresses to e and gives openapi.json.
func (a *API) Describe(e *echo.Echo) []byte {
	a.Register(e)
	return a.openapi
}

func (a *API) config() huma.Config {
	c := huma.DefaultConfig("Upshot", "1")
	c.Info.Description = "Incidents, the problems behind them, what was learnt, the changes promised, and what waiting for them costs. " +
		"Every request carries `Authorization: Bearer ups_…`; tokens are made under Settings, Tokens. " +
		"Moments are RFC 3339 in UTC, lengths of time end in `_seconds`. A POST takes an `Idempotency-Key`: for 24 hours the same key and body gives the first " +
		"answer again, another body 422; a request that was refused changed nothing and leaves its key free. " +
		"In a PATCH what is left out stays, and null makes it unknown or empty. Its `If-Match` takes the ETag of the GET."
	c.Servers = []*huma.Server{{URL: Prefix}}
	c.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer", Description: "A token such as ups_…"}}
	c.Security = []map[string][]string{{"token": {}}}
	c.OpenAPIPath, c.DocsPath, c.SchemasPath, c.CreateHooks = "", "", "", nil
	c.Formats = map[string]huma.Format{"application/json": jsonFormat, "json": jsonFormat}
	c.RejectUnknownQueryParameters = true
	return c
}

// others are the methods that an address does not take.
func others(allowed []string) []string {
	var not []string
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		taken := false
		for _, has := range allowed {
			taken = taken || has == m
		}
		if !taken {
			not = append(not, m)
		}
	}
	return not
}

func methodNotAllowed(allowed []string) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set(echo.HeaderAllow, strings.Join(allowed, ", "))
		return echo.ErrMethodNotAllowed
	}
}

func headers(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "private, no-cache")
		h.Add("Vary", "Authorization")
		return next(c)
	}
}

// readable refuses addresses that no database can look for: text that is not UTF-8, or that holds the character NUL.
func readable(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		u := c.Request().URL
		query, err := url.ParseQuery(u.RawQuery)
		if err != nil || !isText(u.Path) {
			return wrong(http.StatusBadRequest, "The address can't be read.")
		}
		for name, values := range query {
			if !isText(name) || !isText(strings.Join(values, "")) {
				return wrong(http.StatusBadRequest, "The address can't be read.", wrongJSON{Location: "query", Message: "This is not UTF-8 text."})
			}
		}
		return next(c)
	}
}

func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
