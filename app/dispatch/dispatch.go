// Package dispatch is what leaves the program towards people, a mail or a message in a chat, and what can go wrong on the way.
package dispatch

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Mail is one letter to one or several people.
type Mail struct {
	// ID is the part of the Message-ID before the @. The same letter has the same one however often it is sent, so that
	// whoever receives it twice can tell.
	ID            string
	To            []string
	Subject       string
	Text, HTML    string
	AutoSubmitted bool // nobody pressed a button: no machine answers it (RFC 3834)
	// ListID and ListName say which regular letter it is (RFC 2919); empty: none. Stop is the address that ends it, by one POST (RFC 8058).
	ListID, ListName string
	Stop             string
	// Handing is called when the server has all of it but the end, and so has nothing yet. Its error breaks the letter off.
	Handing func() error
}

// Chat is a message to the webhook of a chat. ID is the same however often it is sent.
type Chat struct {
	ID      string
	Kind    string // slack, teams or webhook
	Address string // a secret: whoever has it can write there
	Title   string
	Text    string // one sentence
	Facts   []Fact
	// Link is the page that it is about, LinkText what the button says.
	Link, LinkText string
	// Data is what the generic form carries for programs, by the API's names.
	Data map[string]any
}

// Fact is a name and its value.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// TroubleKind is what can be done about trouble.
type TroubleKind string

// The kinds of trouble.
const (
	Temporary     TroubleKind = "temporary"     // trying later helps
	Permanent     TroubleKind = "permanent"     // it was refused for good
	Configuration TroubleKind = "configuration" // a setting or a login is wrong: nothing else would fare better
)

// Trouble is why something did not leave.
type Trouble struct {
	Kind   TroubleKind
	Status int    // of SMTP or HTTP; 0: no answer came
	Said   string // the other side's words, or ours when it had none; holds no secret
	// Maybe: it may have been accepted although no good answer came.
	Maybe bool
	// Down: the other side could not be reached at all.
	Down bool
	// Recipient: it is the address that was refused, not the letter.
	Recipient bool
}

// The pauses between attempts grow from a minute to an hour.
const (
	firstPause = time.Minute
	longest    = time.Hour
)

// Pause is how long to wait after so many attempts: each time twice as long as before, an hour at most.
func Pause(attempt int) time.Duration {
	if attempt > 6 {
		return longest
	}
	return min(longest, firstPause<<max(0, attempt-1))
}

// Error gives the words.
func (t *Trouble) Error() string { return Said(t.Status, t.Said) }

// Said are the other side's words behind its number, where it gave one and does not repeat it.
func Said(status int, words string) string {
	if number := strconv.Itoa(status); status != 0 && !strings.HasPrefix(words, number) {
		return number + " " + words
	}
	return words
}

// TroubleOf gives the trouble in err. Any other error is temporary trouble with its words.
func TroubleOf(err error) *Trouble {
	var t *Trouble
	if errors.As(err, &t) {
		return t
	}
	return &Trouble{Kind: Temporary, Said: err.Error()}
}

// Short is a text of which at most so many characters are kept, on one line.
func Short(text string, most int) string {
	var kept []rune
	blank := true // at the beginning none is kept
	for _, r := range text {
		space := r <= ' ' || r == 0x7f || r == 0xa0
		if space && blank {
			continue
		}
		if blank = space; space {
			r = ' '
		}
		if kept = append(kept, r); len(kept) > most {
			return string(kept[:most]) + "…"
		}
	}
	if n := len(kept); n > 0 && kept[n-1] == ' ' {
		kept = kept[:n-1]
	}
	return string(kept)
}
