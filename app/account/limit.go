package account

import (
	"net"
	"net/netip"
	"time"
)

// Failure is a sign-in that was tried and has not succeeded. It is written before the password is looked at and
// forgotten when it was right, so that many tries at once count as many, on every replica.
type Failure struct {
	At      time.Time
	Name    string // as FoldName leaves it; empty when nobody can have that name
	Address string // as AddressOf leaves it
}

// The limit: that many tries are free, for a name and for an address, which a whole office may share; each further one
// doubles the wait. A day without tries, and all is forgotten.
const (
	freeByName    = 5
	freeByAddress = 20
	firstWait     = 15 * time.Second
	longestWait   = 15 * time.Minute
	failureMemory = 24 * time.Hour
)

// wait tells how long the next try for that name from that address has to wait, by the earlier failures of both.
func wait(failures []Failure, name, address string, now time.Time) time.Duration {
	var byName, byAddress tally
	for _, f := range failures {
		if now.Sub(f.At) >= failureMemory {
			continue
		}
		if name != "" && f.Name == name {
			byName.add(f.At)
		}
		if address != "" && f.Address == address {
			byAddress.add(f.At)
		}
	}
	return max(byName.wait(freeByName, now), byAddress.wait(freeByAddress, now))
}

type tally struct {
	n    int
	last time.Time
}

func (t *tally) add(at time.Time) {
	t.n++
	if at.After(t.last) {
		t.last = at
	}
}

func (t tally) wait(free int, now time.Time) time.Duration {
	if t.n < free {
		return 0
	}
	w := firstWait
	for range t.n - free {
		if w = 2 * w; w >= longestWait {
			w = longestWait
			break
		}
	}
	return max(0, t.last.Add(w).Sub(now))
}

// AddressOf is whom the limit counts as one sender: an IPv4 address, or the /64 network that one IPv6 customer owns.
// It takes an address with or without a port.
func AddressOf(remote string) string {
	if host, _, err := net.SplitHostPort(remote); err == nil {
		remote = host
	}
	a, err := netip.ParseAddr(remote)
	if err != nil {
		return ""
	}
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return a.String()
	}
	p, err := a.Prefix(64)
	if err != nil {
		return ""
	}
	return p.String()
}
