// Package jira asks Jira Cloud and Jira Data Center over HTTP, and turns their answers into our words.
//
// go-jira carries the requests; what goes out and comes in are small structs of our own, since many of its typed calls send
// members that Jira refuses, or leak connections. Version 2 of the REST API is spoken to both flavours.
package jira

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	gojira "github.com/andygrunwald/go-jira"

	"upshot/app/jirasync"
	"upshot/app/ticket"
)

// Settings are what a client needs to know of a site.
type Settings struct {
	Site    ticket.SiteID // 0 while it is only being tried out
	URL     string        // with the context path, without a slash at the end
	User    string        // mail address on Cloud; empty: Token is a personal access token
	Token   string
	Flavour jirasync.Flavour // empty: not known yet, Server tells
	Fields  jirasync.FieldIDs
	Turns   jirasync.Turns // nil: every call goes out at once
	Timeout time.Duration  // of one call; 0: 30 seconds
	Now     func() time.Time
	Version string // of this Upshot, for the User-Agent
}

// Client asks one site. It may be used by several goroutines.
type Client struct {
	settings Settings
	jira     *gojira.Client

	mu      sync.Mutex
	bare    map[string]int // answers 429 without a word of how long to wait, in a row, by operation
	flavour jirasync.Flavour
	fields  jirasync.FieldIDs
}

const (
	defaultTimeout = 30 * time.Second
	answerMax      = 32 << 20 // bytes of an answer that are read
	wordsMax       = 500      // characters of what Jira says that are kept
	connections    = 4
)

var _ jirasync.Jira = (*Client)(nil)

// New makes a client. It makes no call.
func New(s Settings) (*Client, error) {
	u, err := url.Parse(s.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("%q is no address of a Jira", s.URL)
	}
	if u.User != nil {
		return nil, errors.New("the address of a Jira holds no user: it goes with the token")
	}
	if s.Timeout == 0 {
		s.Timeout = defaultTimeout
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxConnsPerHost, transport.MaxIdleConnsPerHost, transport.MaxIdleConns = connections, connections, connections
	var authorised http.RoundTripper
	if s.User != "" {
		authorised = &gojira.BasicAuthTransport{Username: s.User, Password: s.Token, Transport: transport}
	} else {
		authorised = &gojira.PATAuthTransport{Token: s.Token, Transport: transport}
	}
	own := &http.Client{
		Transport: authorised,
		// The login goes with every hop, so there is none: a redirect is told instead of followed.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	c, err := gojira.NewClient(own, strings.TrimRight(s.URL, "/")+"/")
	if err != nil {
		return nil, fmt.Errorf("%q is no address of a Jira: %w", s.URL, err)
	}
	return &Client{settings: s, jira: c, bare: map[string]int{}, flavour: s.Flavour, fields: s.Fields}, nil
}

// cloud tells whether the site is a Cloud one, asking it once when nobody knows yet.
func (c *Client) cloud(ctx context.Context) (bool, error) {
	c.mu.Lock()
	known := c.flavour
	c.mu.Unlock()
	if known == "" {
		server, err := c.Server(ctx)
		if err != nil {
			return false, err
		}
		known = server.Flavour
	}
	return known == jirasync.Cloud, nil
}

// fieldIDs are the custom fields of the site, as they were handed in or found.
func (c *Client) fieldIDs() jirasync.FieldIDs {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fields
}

// jitter is up to three tenths more, so that replicas that were told to wait do not come back together.
func jitter(d time.Duration) time.Duration {
	return d + time.Duration(rand.Float64()*0.3*float64(d))
}
