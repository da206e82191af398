package account

import (
	"testing"
	"time"

	"upshot/app/fault"
)

func TestInvitationUsable(t *testing.T) {
	t.Parallel()
	setup, _ := newInvitation(AsCommand("serve"), 0, noon)
	join, _ := newInvitation(AsCommand("user add"), 7, noon)
	used := join
	used.UsedAt = noon
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		invitation Invitation
		after      time.Duration
		ok         bool
	}{
		"set-up, the same day":         {setup, day - time.Second, true},
		"set-up, a day later":          {setup, day, false},
		"an invitation, in the week":   {join, 7*day - time.Second, true},
		"an invitation, after a week":  {join, 7 * day, false},
		"an invitation, a second time": {used, time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := c.invitation.usable(noon.Add(c.after)); (err == nil) != c.ok || err != nil && !fault.Is(err, fault.Conflict) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestTheSecretIsNotKept(t *testing.T) {
	t.Parallel()
	i, secret := newInvitation(AsCommand("serve"), 0, noon)
	other, otherSecret := newInvitation(AsCommand("serve"), 0, noon)
	if i.Hash != hashSecret(secret) || i.Hash == secret || len(secret) < 26 {
		t.Errorf("%q kept as %q", secret, i.Hash)
	}
	if secret == otherSecret || i.Hash == other.Hash {
		t.Error("two links are the same")
	}
}
