package account_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"upshot/app/account"
	"upshot/app/fault"
	"upshot/store"
	"upshot/store/storetest"
)

const (
	good  = "correct horse battery staple"
	other = "five wizards jump quickly"
	here  = "192.0.2.1:4000"
)

var command = account.AsCommand("user add")

// house is a store with a clock that only the test moves.
type house struct {
	*account.Service
	store *store.Store
	now   time.Time
	ctx   context.Context
}

// each runs the story on every database there is.
func each(t *testing.T, story func(t *testing.T, h *house)) {
	t.Helper()
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h := &house{store: s, now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), ctx: t.Context()}
		h.Service = account.NewService(s, func() time.Time { return h.now })
		story(t, h)
	})
}

func (h *house) add(t *testing.T, name string, role account.Role) account.User {
	t.Helper()
	u, err := h.AddUser(h.ctx, command, account.User{Name: name, Role: role}, good)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func (h *house) invite(t *testing.T, u account.User) string {
	t.Helper()
	_, secret, err := h.Invite(h.ctx, command, u.ID)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func (h *house) token(t *testing.T, actor account.Actor, asked account.Token) (account.Token, string) {
	t.Helper()
	token, raw, err := h.AddToken(h.ctx, actor, asked)
	if err != nil {
		t.Fatal(err)
	}
	return token, raw
}

// want is what an error is expected to be; fine is no error at all.
type want fault.Kind

const (
	fine     want = 0
	invalid       = want(fault.Invalid)
	denied        = want(fault.Denied)
	notFound      = want(fault.NotFound)
	conflict      = want(fault.Conflict)
	wait          = want(fault.Unavailable)
)

func (w want) check(t *testing.T, what string, err error) {
	t.Helper()
	if w == fine && err != nil || w != fine && !fault.Is(err, fault.Kind(w)) {
		t.Errorf("%s: got %v", what, err)
	}
}

func TestRolesAndActions(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.add(t, "root", account.Admin)
		stranger := account.Actor{}
		viewer, editor, admin := h.add(t, "vera", account.Viewer).Actor(), h.add(t, "ed", account.Editor).Actor(), h.add(t, "ada", account.Admin).Actor()
		zoe := h.add(t, "zoe", account.Viewer)
		zoes, _ := h.token(t, zoe.Actor(), account.Token{Name: "zoe's", Role: account.Viewer})
		actors := []account.Actor{stranger, viewer, editor, admin}
		for name, c := range map[string]struct {
			do   func(a account.Actor) error
			want []want // for each of the actors
		}{
			"add a person": {func(a account.Actor) error {
				_, err := h.AddUser(h.ctx, a, account.User{Name: "new", Role: account.Viewer}, "")
				return err
			}, []want{denied, denied, denied, fine}},
			"invite a person": {func(a account.Actor) error {
				_, _, err := h.Invite(h.ctx, a, zoe.ID)
				return err
			}, []want{denied, denied, denied, fine}},
			"change a role": {func(a account.Actor) error {
				return h.ChangeRole(h.ctx, a, zoe.ID, account.Viewer)
			}, []want{denied, denied, denied, fine}},
			"change another's profile": {func(a account.Actor) error {
				return h.ChangeProfile(h.ctx, a, zoe.ID, account.Profile{DisplayName: "Zoe"})
			}, []want{denied, denied, denied, fine}},
			"change the own profile": {func(a account.Actor) error {
				return h.ChangeProfile(h.ctx, a, account.UserID(a.ID), account.Profile{DisplayName: a.Name, Zone: "Asia/Tokyo"})
			}, []want{denied, fine, fine, fine}},
			"set the own password": {func(a account.Actor) error {
				_, err := h.SetPassword(h.ctx, a, good, good)
				return err
			}, []want{denied, fine, fine, fine}},
			"make a viewer's token": {func(a account.Actor) error {
				_, _, err := h.AddToken(h.ctx, a, account.Token{Name: "t", Role: account.Viewer})
				return err
			}, []want{denied, fine, fine, fine}},
			"make an editor's token": {func(a account.Actor) error {
				_, _, err := h.AddToken(h.ctx, a, account.Token{Name: "t", Role: account.Editor})
				return err
			}, []want{denied, invalid, fine, fine}},
			"revoke another's token": {func(a account.Actor) error {
				return h.RevokeToken(h.ctx, a, zoes.ID)
			}, []want{denied, denied, denied, fine}},
		} {
			for n, actor := range actors {
				c.want[n].check(t, name+" as "+string(actor.Role), c.do(actor))
			}
		}
		for n, actor := range actors { // apart, for it changes what the others need
			[]want{denied, denied, denied, fine}[n].check(t, "disable as "+string(actor.Role), h.Disable(h.ctx, actor, zoe.ID))
			[]want{denied, denied, denied, fine}[n].check(t, "enable as "+string(actor.Role), h.Enable(h.ctx, actor, zoe.ID))
		}
	})
}

func TestSignIn(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.add(t, "Ada", account.Admin)
		gone := h.add(t, "gone", account.Viewer)
		fine.check(t, "disable", h.Disable(h.ctx, command, gone.ID))
		if _, err := h.AddUser(h.ctx, command, account.User{Name: "invited", Role: account.Viewer}, ""); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			story, name, password string
			want                  want
		}{
			{"the right password", "ada", good, fine},
			{"the name in capitals, with a space", " ADA ", good, fine},
			{"the wrong password", "ada", other, invalid},
			{"no password", "ada", "", invalid},
			{"a name nobody has", "bob", good, invalid},
			{"something that is no name", "' OR 1=1 --", good, invalid},
			{"somebody invited who has no password yet", "invited", "", invalid},
			{"a disabled account", "gone", good, denied},
			{"a disabled account, wrong password", "gone", other, invalid},
		} {
			u, err := h.SignIn(h.ctx, c.name, c.password, here)
			c.want.check(t, c.story, err)
			if c.want == fine && u.ID != ada.ID {
				t.Errorf("%s: signed in as %+v", c.story, u)
			}
		}
		_, unknown := h.SignIn(h.ctx, "bob", good, here)
		_, wrong := h.SignIn(h.ctx, "ada", other, here)
		if unknown.Error() != wrong.Error() {
			t.Errorf("the answers tell whether the name exists: %q, %q", unknown, wrong)
		}
	})
}

func TestManyTriesHaveToWait(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.add(t, "ada", account.Admin)
		h.add(t, "bob", account.Viewer)
		try := func(w want, story, name, password string) {
			t.Helper()
			_, err := h.SignIn(h.ctx, name, password, here)
			w.check(t, story, err)
		}
		for range 4 {
			try(invalid, "a wrong password", "ada", other)
		}
		try(fine, "the right one at the fifth try", "ada", good)
		for range 5 {
			try(invalid, "counted anew after the right one", "ada", other)
		}
		try(wait, "now even the right one waits", "ada", good)
		try(wait, "and waiting tries are not counted", "ada", good)
		try(fine, "another name from the same office", "bob", good)
		h.now = h.now.Add(14 * time.Second)
		try(wait, "a second too early", "ada", good)
		h.now = h.now.Add(time.Second)
		try(fine, "after the wait", "ada", good)
	})
}

func TestTriesAtTheSameMomentAllCount(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.add(t, "ada", account.Admin)
		for range 5 {
			_, err := h.SignIn(h.ctx, "ada", other, here)
			invalid.check(t, "a wrong password", err)
		}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				_, err := h.SignIn(h.ctx, "ada", good, here)
				wait.check(t, "at once", err)
			})
		}
		all.Wait()
	})
}

func TestTheFirstAdministrator(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		first, err := h.SetupSecret(h.ctx)
		fine.check(t, "a link for an empty house", err)
		second, err := h.SetupSecret(h.ctx) // another replica, or the next start
		fine.check(t, "another", err)
		if _, _, err := h.Invitation(h.ctx, first); err != nil {
			t.Errorf("a second link ends the first: %v", err)
		}
		who := account.User{Name: "Ada", Role: account.Viewer}
		for _, c := range []struct {
			story, secret, password string
			who                     account.User
			want                    want
		}{
			{"a wrong link", first + "x", good, who, notFound},
			{"an empty link", "", good, who, notFound},
			{"a weak password", first, "password1234", who, invalid},
			{"no name", first, good, account.User{}, invalid},
			{"all in order", first, good, who, fine},
			{"a second time", first, good, account.User{Name: "eve"}, conflict},
			{"the other link", second, good, account.User{Name: "eve"}, conflict},
		} {
			u, err := h.Accept(h.ctx, c.secret, c.who, c.password)
			c.want.check(t, c.story, err)
			if c.want == fine && (u.Role != account.Admin || u.Name != "ada" || u.ID == 0) {
				t.Errorf("%s: %+v", c.story, u)
			}
		}
		_, err = h.SignIn(h.ctx, "ada", good, here)
		fine.check(t, "sign in", err)
		if secret, err := h.SetupSecret(h.ctx); secret != "" || err != nil {
			t.Errorf("a set-up link with a user there: %q, %v", secret, err)
		}
	})
}

func TestInvitations(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.add(t, "root", account.Admin)
		zoe, err := h.AddUser(h.ctx, command, account.User{Name: "zoe", Role: account.Editor}, "")
		fine.check(t, "add", err)
		accept := func(w want, story, secret, password string) {
			t.Helper()
			_, err := h.Accept(h.ctx, secret, account.User{Name: "somebody else", Role: account.Admin}, password)
			w.check(t, story, err)
		}

		older := h.invite(t, zoe)
		link := h.invite(t, zoe)
		accept(notFound, "an older link", older, good)
		i, u, err := h.Invitation(h.ctx, link)
		if err != nil || i.ForSetup() || u.ID != zoe.ID {
			t.Errorf("the link is for %+v, %v", u, err)
		}
		accept(invalid, "the name as password", link, "zoe zoe zoe zoe")
		accept(fine, "the first time", link, good)
		accept(conflict, "the second time", link, other)
		signed, err := h.SignIn(h.ctx, "zoe", good, here)
		fine.check(t, "sign in", err)
		if signed.Role != account.Editor || signed.Name != "zoe" {
			t.Errorf("the link changed more than the password: %+v", signed)
		}

		session := account.SessionOf(signed)
		reset := h.invite(t, zoe)
		_, err = h.UserOfSession(h.ctx, session)
		fine.check(t, "the old password holds until the link is used", err)
		accept(fine, "reset", reset, other)
		_, err = h.UserOfSession(h.ctx, session)
		denied.check(t, "sessions of the old password", err)

		late := h.invite(t, zoe)
		h.now = h.now.AddDate(0, 0, 7)
		accept(conflict, "a week later", late, good)
		kept := h.invite(t, zoe)
		fine.check(t, "disable", h.Disable(h.ctx, command, zoe.ID))
		accept(denied, "disabled meanwhile", kept, good)
		_, _, err = h.Invite(h.ctx, command, zoe.ID)
		conflict.check(t, "invite somebody disabled", err)
		_, _, err = h.Invite(h.ctx, command, 999)
		notFound.check(t, "invite nobody", err)
	})
}

func TestOneLinkUsedTwiceAtTheSameMoment(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		secret, err := h.SetupSecret(h.ctx)
		fine.check(t, "link", err)
		errs := atOnce(
			func() error {
				_, err := h.Accept(h.ctx, secret, account.User{Name: "ada"}, good)
				return err
			},
			func() error {
				_, err := h.Accept(h.ctx, secret, account.User{Name: "eve"}, good)
				return err
			})
		oneOf(t, errs)
		users, err := h.store.Users(h.ctx)
		if err != nil || len(users) != 1 {
			t.Errorf("%d users, %v", len(users), err)
		}
	})
}

// atOnce does both things at the same moment.
func atOnce(things ...func() error) []error {
	errs := make([]error, len(things))
	var all sync.WaitGroup
	for n, do := range things {
		all.Go(func() { errs[n] = do() })
	}
	all.Wait()
	return errs
}

// oneOf wants one to have worked, and the others to be told of a conflict.
func oneOf(t *testing.T, errs []error) {
	t.Helper()
	worked := 0
	for _, err := range errs {
		if err == nil {
			worked++
		} else if !fault.Is(err, fault.Conflict) {
			t.Errorf("got %v", err)
		}
	}
	if worked != 1 {
		t.Errorf("%d worked: %v", worked, errors.Join(errs...))
	}
}

func TestTheLastAdministrator(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.add(t, "ada", account.Admin)
		if _, err := h.AddUser(h.ctx, command, account.User{Name: "invited", Role: account.Admin}, ""); err != nil {
			t.Fatal(err)
		}
		conflict.check(t, "disable the last who can sign in", h.Disable(h.ctx, ada.Actor(), ada.ID))
		conflict.check(t, "make the last a viewer", h.ChangeRole(h.ctx, command, ada.ID, account.Viewer))
		fine.check(t, "the role she has", h.ChangeRole(h.ctx, command, ada.ID, account.Admin))
		invalid.check(t, "a role that does not exist", h.ChangeRole(h.ctx, command, ada.ID, "owner"))
		notFound.check(t, "a person who does not exist", h.ChangeRole(h.ctx, command, 999, account.Viewer))

		bob := h.add(t, "bob", account.Admin)
		oneOf(t, atOnce(
			func() error { return h.ChangeRole(h.ctx, ada.Actor(), bob.ID, account.Viewer) },
			func() error { return h.Disable(h.ctx, bob.Actor(), ada.ID) },
		))
	})
}

func TestDisabledAndEnabled(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		zoe := h.add(t, "zoe", account.Editor)
		session := account.SessionOf(zoe)
		_, raw := h.token(t, zoe.Actor(), account.Token{Name: "CI", Role: account.Editor})
		fine.check(t, "disable", h.Disable(h.ctx, command, zoe.ID))
		conflict.check(t, "disable again", h.Disable(h.ctx, command, zoe.ID))
		_, err := h.UserOfSession(h.ctx, session)
		denied.check(t, "the session", err)
		_, err = h.ActorOfUser(h.ctx, zoe.ID)
		denied.check(t, "the actor", err)
		_, err = h.ActorOfToken(h.ctx, raw)
		denied.check(t, "the token", err)
		fine.check(t, "enable", h.Enable(h.ctx, command, zoe.ID))
		conflict.check(t, "enable again", h.Enable(h.ctx, command, zoe.ID))
		_, err = h.ActorOfToken(h.ctx, raw)
		fine.check(t, "the token works again", err)
		_, err = h.ActorOfUser(h.ctx, 999)
		denied.check(t, "nobody", err)
		_, err = h.UserOfSession(h.ctx, account.Session{User: 999, Stamp: "x"})
		denied.check(t, "nobody's session", err)
	})
}

func TestNamesAreUnique(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.add(t, "ada", account.Viewer)
		_, err := h.AddUser(h.ctx, command, account.User{Name: "ADA", Role: account.Viewer}, "")
		invalid.check(t, "the same name in capitals", err)
		if f := fault.Of(err); f == nil || len(f.Fields) != 1 || f.Fields[0].Name != "name" {
			t.Errorf("which field: %+v", f)
		}
		_, err = h.AddUser(h.ctx, command, account.User{Name: "b", Role: account.Viewer}, "short")
		if f := fault.Of(err); f == nil || len(f.Fields) != 2 {
			t.Errorf("not everything at once: %+v", f)
		}
	})
}

func TestTheOwnPassword(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.add(t, "ada", account.Viewer)
		session := account.SessionOf(ada)
		_, err := h.SetPassword(h.ctx, ada.Actor(), other, other)
		invalid.check(t, "a wrong old one", err)
		_, err = h.SetPassword(h.ctx, ada.Actor(), good, "short")
		invalid.check(t, "a short new one", err)
		_, err = h.SetPassword(h.ctx, account.AsJob("digest"), good, other)
		denied.check(t, "a job has none", err)
		u, err := h.SetPassword(h.ctx, ada.Actor(), good, other)
		fine.check(t, "right", err)
		_, err = h.UserOfSession(h.ctx, session)
		denied.check(t, "other browsers", err)
		_, err = h.UserOfSession(h.ctx, account.SessionOf(u))
		fine.check(t, "this browser", err)
		_, err = h.SignIn(h.ctx, "ada", good, here)
		invalid.check(t, "sign in with the old one", err)
		_, err = h.SignIn(h.ctx, "ada", other, here)
		fine.check(t, "sign in with the new one", err)
	})
}

func TestTokens(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.add(t, "root", account.Admin)
		ada := h.add(t, "ada", account.Editor)
		token, raw := h.token(t, ada.Actor(), account.Token{Name: "CI", Role: account.Editor, ExpiresAt: h.now.AddDate(0, 0, 30)})
		_, free := h.token(t, account.AsCommand("token add"), account.Token{Name: "script", Role: account.Admin})

		got, err := h.ActorOfToken(h.ctx, raw)
		if want := (account.Actor{Kind: account.Machine, ID: int64(token.ID), Name: "CI", Role: account.Editor}); err != nil || got != want {
			t.Errorf("got %+v, %v", got, err)
		}
		if got, err := h.ActorOfToken(h.ctx, free); err != nil || got.Role != account.Admin {
			t.Errorf("from the command line: %+v, %v", got, err)
		}
		for _, bad := range []string{"", "ups_", raw[:43], raw + "x", "ups_" + strings.Repeat("0", 40), strings.ToUpper(raw)} {
			_, err := h.ActorOfToken(h.ctx, bad)
			denied.check(t, "not a token: "+bad, err)
		}

		used := func() time.Time {
			t.Helper()
			tokens, err := h.store.Tokens(h.ctx, ada.ID)
			if err != nil || len(tokens) != 1 {
				t.Fatalf("%+v, %v", tokens, err)
			}
			return tokens[0].LastUsedAt
		}
		first := h.now
		h.now = first.Add(59 * time.Second)
		_, err = h.ActorOfToken(h.ctx, raw)
		if fine.check(t, "again", err); !used().Equal(first) {
			t.Errorf("written within the minute: %s", used())
		}
		h.now = first.Add(time.Minute)
		_, err = h.ActorOfToken(h.ctx, raw)
		if fine.check(t, "a minute later", err); !used().Equal(h.now) {
			t.Errorf("not written after a minute: %s", used())
		}

		fine.check(t, "demote", h.ChangeRole(h.ctx, command, ada.ID, account.Viewer))
		if got, err := h.ActorOfToken(h.ctx, raw); err != nil || got.Role != account.Viewer {
			t.Errorf("its owner is a viewer now: %+v, %v", got, err)
		}
		fine.check(t, "revoke", h.RevokeToken(h.ctx, ada.Actor(), token.ID))
		conflict.check(t, "revoke again", h.RevokeToken(h.ctx, ada.Actor(), token.ID))
		notFound.check(t, "revoke none", h.RevokeToken(h.ctx, command, 999))
		_, err = h.ActorOfToken(h.ctx, raw)
		denied.check(t, "revoked", err)
		_, late := h.token(t, ada.Actor(), account.Token{Name: "CI", Role: account.Viewer, ExpiresAt: h.now.Add(time.Hour)})
		h.now = h.now.Add(time.Hour)
		_, err = h.ActorOfToken(h.ctx, late)
		denied.check(t, "expired", err)
	})
}

func TestLastSeen(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.add(t, "ada", account.Viewer)
		start := h.now
		for _, c := range []struct{ at, want time.Duration }{
			{time.Second, time.Second}, {30 * time.Second, time.Second}, {61 * time.Second, 61 * time.Second},
		} {
			h.now = start.Add(c.at)
			if _, err := h.UserOfSession(h.ctx, account.SessionOf(ada)); err != nil {
				t.Fatal(err)
			}
			u, err := h.store.User(h.ctx, ada.ID)
			if err != nil || !u.LastSeenAt.Equal(start.Add(c.want)) {
				t.Errorf("after %s: seen at %s, %v", c.at, u.LastSeenAt.Sub(start), err)
			}
		}
	})
}

func TestTidyForgetsOnlyWhatIsOver(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		zoe := h.add(t, "zoe", account.Viewer)
		link := h.invite(t, zoe)
		_, err := h.SignIn(h.ctx, "zoe", other, here)
		invalid.check(t, "a failure", err)
		fine.check(t, "tidy", h.Tidy(h.ctx))
		fine.check(t, "tidy again", h.Tidy(h.ctx))
		_, _, err = h.Invitation(h.ctx, link)
		fine.check(t, "the link stays", err)
		long := h.now.AddDate(0, 0, -1)
		if f, err := h.store.SignInFailures(h.ctx, "zoe", "", long); err != nil || len(f) != 1 {
			t.Errorf("failures: %v, %v", f, err)
		}
		h.now = h.now.AddDate(0, 2, 0)
		fine.check(t, "tidy much later", h.Tidy(h.ctx))
		_, _, err = h.Invitation(h.ctx, link)
		notFound.check(t, "the link is forgotten", err)
		if f, err := h.store.SignInFailures(h.ctx, "zoe", "", long); err != nil || len(f) != 0 {
			t.Errorf("failures: %v, %v", f, err)
		}
	})
}

var _ account.Store = (*store.Store)(nil)
