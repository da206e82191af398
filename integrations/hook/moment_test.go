package hook

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestParseMoment(t *testing.T) {
	t.Parallel()
	const none, unknown = "none", "unknown"
	cases := map[string]struct{ said, want string }{
		"RFC 3339":                           {"2026-03-02T09:40:00Z", "2026-03-02T09:40:00Z"},
		"with an offset and a fraction":      {"2026-03-02T10:40:00.25+01:00", "2026-03-02T09:40:00.25Z"},
		"without a colon in the offset":      {"2026-03-02T10:40:00+0100", "2026-03-02T09:40:00Z"},
		"GitLab's":                           {"2021-04-28 21:50:00 +0200", "2021-04-28T19:50:00Z"},
		"GitLab's older":                     {"2021-04-28 21:50:00 UTC", "2021-04-28T21:50:00Z"},
		"without a T":                        {"2026-03-02 09:40:00Z", "2026-03-02T09:40:00Z"},
		"seconds":                            {"1420452191", "2015-01-05T10:03:11Z"},
		"seconds with a fraction":            {"1420452191.104", "2015-01-05T10:03:11.104Z"},
		"milliseconds":                       {"1420452191104", "2015-01-05T10:03:11.104Z"},
		"microseconds":                       {"1420452193166002", "2015-01-05T10:03:13.166002Z"},
		"nanoseconds":                        {"1420452193166002000", "2015-01-05T10:03:13.166002Z"},
		"milliseconds written as a float":    {"1.420452191104e12", "2015-01-05T10:03:11.104Z"},
		"the far future stays":               {"2999-01-01T00:00:00Z", "2999-01-01T00:00:00Z"},
		"year 1 is no moment":                {"0001-01-01T00:00:00Z", none},
		"nor is 1970":                        {"0", none},
		"nor what is before":                 {"-5", none},
		"nor what is a little later":         {"1989-12-31T23:59:59Z", none},
		"a number too large for any moment":  {"1e400", unknown},
		"digits without end":                 {strings.Repeat("9", 400), unknown},
		"a number past year 9999":            {"99999999999999999999999", none},
		"without an offset nothing is known": {"2026-03-02T09:40:00", unknown},
		"a zone that nobody can know":        {"2026-03-02 09:40:00 CEST", unknown},
		"a day that is none":                 {"2026-02-30T09:40:00Z", unknown},
		"a word":                             {"yesterday", unknown},
		"nothing":                            {"", unknown},
		"no number":                          {"NaN", unknown},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at, known := ParseMoment(c.said)
			got := at.Format(time.RFC3339Nano)
			switch {
			case !known && at.IsZero():
				got = unknown
			case at.IsZero():
				got = none
			}
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		s    string
		most int
		want string
	}{
		"what is short stays":            {"short", 5, "short"},
		"long texts end with three dots": {"longer than that", 9, "longer…"},
		"at a letter":                    {"ééééé", 8, "éé…"},
		"without what is no text":        {"a\xffb\x00c", 20, "a\uFFFDbc"},
		"without blanks around":          {" \n a \t", 20, "a"},
	}
	for name, c := range cases {
		if got := Cut(c.s, c.most); got != c.want || len(got) > c.most || !utf8.ValidString(got) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestAddress(t *testing.T) {
	t.Parallel()
	for want, all := range map[string][]Text{
		"https://example.com/a": {"", "javascript:alert(1)", "https://example.com/a", "http://example.com/b"},
		"http://example.com":    {"//example.com", "example.com", "http://example.com"},
		"":                      {"https://", "ftp://example.com", "http://exa mple.com", Text("https://example.com/" + strings.Repeat("a", 2_000))},
	} {
		if got := Address(all...); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
