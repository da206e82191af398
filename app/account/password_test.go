package account

import (
	"context"
	"strings"
	"testing"

	"upshot/app/fault"
)

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		password, user string
		ok             bool
	}{
		"four words":                    {"correct horse battery staple", "ada", true},
		"twelve characters":             {"kR7#vu2Lq9xZ", "ada", true},
		"words of any language":         {"vier schöne Wörter hier", "ada", true},
		"200 characters":                {strings.Repeat("waterfal", 25), "ada", true},
		"the name is a part of more":    {"ada likes long walks", "ada", true},
		"empty":                         {"", "ada", false},
		"eleven characters":             {"kR7#vu2Lq9x", "ada", false},
		"201 characters":                {strings.Repeat("waterfal", 25) + "l", "ada", false},
		"the name":                      {"ada.lovelace", "ada.lovelace", false},
		"the name, and a year":          {"Ada.Lovelace2026", "ada.lovelace", false},
		"password and digits":           {"Password1234", "ada", false},
		"password twice":                {"passwordPassword", "ada", false},
		"one character":                 {"aaaaaaaaaaaaaaa", "ada", false},
		"two characters in turn":        {"abababababab", "ada", false},
		"digits alone":                  {"198403172026", "ada", false},
		"the keyboard's first row":      {"qwertyuiop12!", "ada", false},
		"the product's name and a year": {"upshot-upshot-2026", "ada", false},
		"a control character":           {"correct horse\x00battery", "ada", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := CheckPassword(c.password, c.user)
			if c.ok != (wrong(t, err) == "") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestPasswordsAreCompared(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	hash, err := HashPassword(ctx, "vier schöne Wörter hier")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		hash, password string
		want           bool
	}{
		"the same":                            {hash, "vier schöne Wörter hier", true},
		"the same from another keyboard":      {hash, "vier scho\u0308ne Wo\u0308rter\u00a0hier", true},
		"another":                             {hash, "vier schöne Worte hier", false},
		"other case":                          {hash, "Vier schöne Wörter hier", false},
		"empty":                               {hash, "", false},
		"too long to be looked at":            {hash, strings.Repeat("x", 201), false},
		"nobody has no password":              {"", "nobody's password", false},
		"nobody has not even an empty string": {"", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ComparePassword(ctx, c.hash, c.password)
			if err != nil || got != c.want {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	if again, _ := HashPassword(ctx, "vier schöne Wörter hier"); again == hash {
		t.Error("two hashes of one password are the same: no salt")
	}
}

func TestWhoGivesUpWaitingForAHashIsTold(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	release := make(chan struct{})
	started := make(chan struct{})
	for range cap(hashing) {
		go func() {
			_ = inHashing(context.Background(), func() error {
				started <- struct{}{}
				<-release
				return nil
			})
		}()
	}
	for range cap(hashing) {
		<-started
	}
	if _, err := HashPassword(ctx, "correct horse battery staple"); !fault.Is(err, fault.Unavailable) {
		t.Errorf("got %v", err)
	}
	close(release)
}
