package link

import "net/url"

// EveryTeam stands for the organisation in addresses of letters: no team has it, since slugs have no underscore.
const EveryTeam = "every_team"

// What a person says of letters, and what is done about addresses in trouble: each a POST.
const (
	OwnLetters   = "/letters/own"
	TrustAddress = "/letters/trust"
)

// DigestOf is the page of a scope's letters: of a team's slug, or of EveryTeam.
func DigestOf(scope string) string { return Digest + "/" + url.PathEscape(scope) }

// Letter is the page of a letter, such as 2026-W47; LetterAlone is the letter by itself, LetterText the same as plain text.
func Letter(scope, week string) string      { return DigestOf(scope) + "/" + url.PathEscape(week) }
func LetterAlone(scope, week string) string { return Letter(scope, week) + "/letter" }
func LetterText(scope, week string) string  { return Letter(scope, week) + "/text" }

// What is done with a letter and its list, each a POST.
func SendMeLetter(scope, week string) string { return Letter(scope, week) + "/me" }
func Subscribe(scope string) string          { return DigestOf(scope) + "/subscribe" }
func LettersGoOut(scope string) string       { return DigestOf(scope) + "/when" }
func LetterAddresses(scope string) string    { return DigestOf(scope) + "/addresses" }
func DropLetterAddress(scope string, id int64) string {
	return LetterAddresses(scope) + "/" + number(id) + "/drop"
}

func LetterAgain(mail int64) string { return "/letters/mails/" + number(mail) + "/again" }

// StopLetters and ConfirmLetters are links in mails that need no sign-in.
func StopLetters(token string) string    { return "/letters/stop/" + url.PathEscape(token) }
func ConfirmLetters(token string) string { return "/letters/confirm/" + url.PathEscape(token) }
