package account

import (
	"testing"

	"upshot/app/fault"
)

func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	stranger := Actor{}
	person := func(r Role) Actor { return Actor{Kind: Person, ID: 1, Name: "Ada", Role: r} }
	for name, c := range map[string]struct {
		actor Actor
		may   []Role
	}{
		"a stranger may nothing":                  {stranger, nil},
		"somebody without a role may nothing":     {person(""), nil},
		"a role nobody knows is none":             {person("owner"), nil},
		"a viewer reads":                          {person(Viewer), []Role{Viewer}},
		"an editor writes and reads":              {person(Editor), []Role{Viewer, Editor}},
		"an administrator does everything":        {person(Admin), Roles},
		"a job does everything":                   {AsJob("digest"), Roles},
		"the command line does everything":        {AsCommand("import"), Roles},
		"a stranger with a role remains stranger": {Actor{Role: Admin}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n, role := range Roles {
				err := c.actor.May(role)
				if n < len(c.may) && err != nil {
					t.Errorf("may not %s: %v", role, err)
				}
				if n >= len(c.may) && !fault.Is(err, fault.Denied) {
					t.Errorf("may %s, got %v", role, err)
				}
			}
		})
	}
}
