package account

import (
	"testing"
	"time"
)

func TestHowLongTheNextTryWaits(t *testing.T) {
	t.Parallel()
	// failed gives n failures, the last one a moment ago.
	failed := func(n int, name, address string) []Failure {
		var all []Failure
		for k := range n {
			all = append(all, Failure{At: noon.Add(-time.Duration(k) * time.Second), Name: name, Address: address})
		}
		return all
	}
	ago := func(d time.Duration, all []Failure) []Failure {
		for n := range all {
			all[n].At = all[n].At.Add(-d)
		}
		return all
	}
	const here, there = "192.0.2.1", "192.0.2.2"
	for name, c := range map[string]struct {
		failures []Failure
		want     time.Duration
	}{
		"the first try":                         {nil, 0},
		"four failed":                           {failed(4, "ada", here), 0},
		"five failed":                           {failed(5, "ada", here), 15 * time.Second},
		"six failed":                            {failed(6, "ada", here), 30 * time.Second},
		"ten failed":                            {failed(10, "ada", here), 8 * time.Minute},
		"eleven failed":                         {failed(11, "ada", here), 15 * time.Minute},
		"very many failed":                      {failed(5000, "ada", here), 15 * time.Minute},
		"five failed, ten seconds ago":          {ago(10*time.Second, failed(5, "ada", here)), 5 * time.Second},
		"five failed, the wait is over":         {ago(15*time.Second, failed(5, "ada", here)), 0},
		"many failed, a day ago":                {ago(24*time.Hour, failed(50, "ada", here)), 0},
		"the name failed from somewhere else":   {failed(5, "ada", there), 15 * time.Second},
		"another name failed elsewhere":         {failed(50, "bob", there), 0},
		"an office of people mistyped":          {failed(19, "bob", here), 0},
		"one address goes through many names":   {failed(20, "bob", here), 15 * time.Second},
		"what cannot be a name counts by place": {failed(21, "", here), 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := wait(c.failures, "ada", here, noon); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	t.Run("without an address only the name counts", func(t *testing.T) {
		t.Parallel()
		if got := wait(failed(50, "bob", ""), "ada", "", noon); got != 0 {
			t.Errorf("got %s", got)
		}
	})
}

func TestAddressOf(t *testing.T) {
	t.Parallel()
	for remote, want := range map[string]string{
		"192.0.2.1:40000":             "192.0.2.1",
		"192.0.2.1":                   "192.0.2.1",
		"[::ffff:192.0.2.1]:40000":    "192.0.2.1",
		"[2001:db8:1:2:3:4:5:6]:4000": "2001:db8:1:2::/64",
		"2001:db8:1:2:ffff::1":        "2001:db8:1:2::/64",
		"[fe80::1%eth0]:4000":         "fe80::/64",
		"a pipe":                      "",
		"":                            "",
	} {
		if got := AddressOf(remote); got != want {
			t.Errorf("%q is %q, want %q", remote, got, want)
		}
	}
}

func TestWaitsInWords(t *testing.T) {
	t.Parallel()
	for w, want := range map[time.Duration]string{
		500 * time.Millisecond: "1 second",
		15 * time.Second:       "15 seconds",
		time.Minute:            "60 seconds",
		time.Minute + 1:        "2 minutes",
		15 * time.Minute:       "15 minutes",
	} {
		if got := inWords(w); got != want {
			t.Errorf("%s is %q, want %q", w, got, want)
		}
	}
}
