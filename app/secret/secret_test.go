package secret

import (
	"strings"
	"testing"

	"upshot/app/fault"
)

func TestASecretIsOpenedByItsOwnKeyInItsOwnPlaceAlone(t *testing.T) {
	t.Parallel()
	k, err := NewKey("a setting of some length")
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := k.Seal("s3cret-token", "jira 3 token")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(sealed, "s3cret") {
		t.Errorf("sealed is %q", sealed)
	}
	again, _ := NewKey("a setting of some length")
	if plain, err := again.Open(sealed, "jira 3 token"); err != nil || plain != "s3cret-token" {
		t.Errorf("opened %q, %v", plain, err)
	}
	for name, open := range map[string]func() (string, error){
		"another key":      func() (string, error) { return NewRandomKey().Open(sealed, "jira 3 token") },
		"another place":    func() (string, error) { return k.Open(sealed, "jira 4 token") },
		"no key":           func() (string, error) { return Key{}.Open(sealed, "jira 3 token") },
		"something broken": func() (string, error) { return k.Open(sealed[:len(sealed)-4], "jira 3 token") },
		"not sealed":       func() (string, error) { return k.Open("plain", "jira 3 token") },
	} {
		if plain, err := open(); err == nil || plain != "" {
			t.Errorf("%s: opened %q, %v", name, plain, err)
		}
	}
}

func TestWithoutASettingNothingIsSealed(t *testing.T) {
	t.Parallel()
	k, err := NewKey("")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Seal("x", "y"); !fault.Is(err, fault.Conflict) {
		t.Errorf("error is %v", err)
	}
	if _, err := NewKey("short"); !fault.Is(err, fault.Invalid) {
		t.Errorf("error is %v", err)
	}
}
