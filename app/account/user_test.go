package account

import (
	"strings"
	"testing"
	"time"

	"upshot/app/fault"
)

// wrong gives the names of the fields that err wants corrected.
func wrong(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	f := fault.Of(err)
	if f == nil || f.Kind != fault.Invalid {
		t.Fatalf("not an Invalid fault: %v", err)
	}
	var names []string
	for _, field := range f.Fields {
		names = append(names, field.Name)
	}
	return strings.Join(names, " ")
}

func TestNewUser(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		typed User
		want  User
		wrong string
	}{
		"a name is folded, the rest filled in": {
			typed: User{Name: " Ada ", Role: Editor},
			want:  User{Name: "ada", DisplayName: "Ada", Role: Editor, Zone: "UTC"},
		},
		"a mail address can be a name": {
			typed: User{Name: "Ada.L+ops@Example.org", DisplayName: "Ada  Lovelace ", Email: "ada@example.org", Role: Admin, Zone: "Europe/London"},
			want:  User{Name: "ada.l+ops@example.org", DisplayName: "Ada Lovelace", Email: "ada@example.org", Role: Admin, Zone: "Europe/London"},
		},
		"full width letters become plain ones": {
			typed: User{Name: "ＡＤＡ", DisplayName: "Ada", Role: Viewer},
			want:  User{Name: "ada", DisplayName: "Ada", Role: Viewer, Zone: "UTC"},
		},
		"letters of any language": {
			typed: User{Name: "Jürgen", Role: Viewer},
			want:  User{Name: "jürgen", DisplayName: "Jürgen", Role: Viewer, Zone: "UTC"},
		},
		"no name":                       {typed: User{Role: Viewer}, wrong: "name"},
		"a space in the name":           {typed: User{Name: "ada l", Role: Viewer}, wrong: "name"},
		"a slash in the name":           {typed: User{Name: "ada/l", Role: Viewer}, wrong: "name"},
		"a name that looks like a flag": {typed: User{Name: "--ada", Role: Viewer}, wrong: "name"},
		"one letter":                    {typed: User{Name: "a", Role: Viewer}, wrong: "name"},
		"65 letters":                    {typed: User{Name: strings.Repeat("a", 65), Role: Viewer}, wrong: "name"},
		"everything at once": {
			typed: User{Name: "!", DisplayName: strings.Repeat("x", 101), Role: "owner", Email: "Ada <ada@example.org>", Zone: "Mars/Olympus"},
			wrong: "name role display_name email zone",
		},
		"the server's zone is nobody's": {typed: User{Name: "ada", Role: Viewer, Zone: "Local"}, wrong: "zone"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := NewUser(c.typed)
			if w := wrong(t, err); w != c.wrong {
				t.Fatalf("to correct: %q, want %q", w, c.wrong)
			}
			if c.wrong == "" && got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestTheLastAdministratorStays(t *testing.T) {
	t.Parallel()
	ada, bob := User{ID: 1, DisplayName: "Ada"}, User{ID: 2, DisplayName: "Bob"}
	for name, c := range map[string]struct {
		admins []User
		going  UserID
		stays  bool
	}{
		"one of two may go":           {[]User{ada, bob}, 1, false},
		"the only one may not":        {[]User{ada}, 1, true},
		"somebody else may":           {[]User{ada}, 2, false},
		"nobody can sign in as admin": {nil, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := keepsAnAdmin(c.admins, c.going); fault.Is(err, fault.Conflict) != c.stays {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestSessionEndsWithThePassword(t *testing.T) {
	t.Parallel()
	ada := User{ID: 7, PasswordHash: "one"}
	s, ok := ParseSession(SessionOf(ada).String())
	if !ok || s != SessionOf(ada) {
		t.Errorf("a session came back as %+v, %v", s, ok)
	}
	ada.PasswordHash = "two"
	if s == SessionOf(ada) {
		t.Error("the session outlives a new password")
	}
	for _, bad := range []string{"", "7", "7.", "x.abc", "-1.abc", ".abc"} {
		if _, ok := ParseSession(bad); ok {
			t.Errorf("%q is taken for a session", bad)
		}
	}
}

func TestLocation(t *testing.T) {
	t.Parallel()
	if got := (User{Zone: "Europe/London"}).Location().String(); got != "Europe/London" {
		t.Errorf("got %s", got)
	}
	if got := (User{Zone: "gone"}).Location(); got != time.UTC {
		t.Errorf("an unknown zone reads as %s, not UTC", got)
	}
}
