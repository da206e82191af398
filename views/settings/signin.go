// Package settings shows signing in, setting up, people, tokens and one's own profile.
package settings

import (
	"upshot/app/account"
	"upshot/app/fault"
)

// SignInForm is what the sign-in page was given back; a password never is.
type SignInForm struct {
	Name    string
	Next    string // an address of ours to go on to
	Trouble string // one sentence
	Nobody  bool   // there is no account yet
}

// SetUpForm lets the bearer of a link choose a password; the first administrator also chooses a name.
type SetUpForm struct {
	Token             string
	First             bool   // the first administrator comes to be
	Who               string // whom the link is for; empty for the first administrator
	Name, DisplayName string // as typed by the first, else the sign-in name of the account
	Wrong             []fault.Field
}

// NewSetUpForm is the form for a link that works.
func NewSetUpForm(i account.Invitation, u account.User, token string) SetUpForm {
	if i.ForSetup() {
		return SetUpForm{Token: token, First: true}
	}
	return SetUpForm{Token: token, Who: u.DisplayName, Name: u.Name}
}

func (f SetUpForm) title() string {
	if f.First {
		return "The first administrator"
	}
	return "Choose a password"
}
