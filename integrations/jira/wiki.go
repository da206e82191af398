package jira

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"upshot/app/jirasync"
)

// Markup writes texts in Jira's wiki markup, which version 2 of its API shows on both flavours.
type Markup struct{}

// special are the characters that wiki markup makes something of, but for the backslash.
var special = strings.NewReplacer(
	"{", `\{`, "}", `\}`, "[", `\[`, "]", `\]`, "!", `\!`, "|", `\|`, "*", `\*`, "_", `\_`, "^", `\^`, "~", `\~`,
	"+", `\+`, "??", `\?\?`, "@", `\@`,
)

// backslash may stand before letters and digits. Elsewhere it would guard what follows, break the line, or take the guard from
// another backslash: Jira heeds none that has one before it. An entity is all that is left.
var backslash = regexp.MustCompile(`\\[\pL\pN]?`)

// lineStart are beginnings of lines that wiki markup makes something of: headings, lists, quotes, rules, tables.
var lineStart = regexp.MustCompile(`(?m)^(\s*)(h[1-6]\.|bq\.|[-#]+\s|-{4,})`)

// faces become little pictures; those that end with a letter cannot be guarded.
var faces = regexp.MustCompile(`(\((?:[xyni/?-]|on|off|flag|flagoff)\))|([:;]-?)([()])`)

// Escape is text from elsewhere as it stands: it calls nobody, shows no pictures and runs no macros.
func Escape(s string) string {
	s = lineStart.ReplaceAllString(guarded(s), `${1}\${2}`)
	return faces.ReplaceAllString(unstruck(s), `${2}\${1}${3}`)
}

// guarded is text in which no character means anything.
func guarded(s string) string {
	s = backslash.ReplaceAllStringFunc(strings.ToValidUTF8(strings.ReplaceAll(s, "\r", ""), ""), func(m string) string {
		if m == `\` {
			return "&#92;"
		}
		return m
	})
	return special.Replace(s)
}

// unstruck guards hyphens that would begin words struck through. Those inside words, numbers and addresses stay.
func unstruck(s string) string {
	var b strings.Builder
	before := ' '
	for at, r := range s {
		after, _ := utf8.DecodeRuneInString(s[at+utf8.RuneLen(r):])
		begins := unicode.IsSpace(before) || strings.ContainsRune(`([{"',;:.`, before)
		if r == '-' && begins && after != '-' && after != utf8.RuneError && !unicode.IsSpace(after) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
		before = r
	}
	return b.String()
}

// link is a link; the name loses what would end it.
func link(name, url string) string {
	name = strings.NewReplacer("[", "(", "]", ")", "|", "/", "\n", " ", "\r", "").Replace(name)
	return "[" + guarded(name) + "|" + inAddress.Replace(url) + "]"
}

// inAddress writes what would end an address, or be markup in it, as addresses write such characters.
var inAddress = strings.NewReplacer(
	"|", "%7C", "[", "%5B", "]", "%5D", "{", "%7B", "}", "%7D", `\`, "%5C", "^", "%5E", " ", "%20", "\n", "", "\r", "", "\t", "",
)

// Describe is the description of a new issue.
func (Markup) Describe(p jirasync.Packet) string {
	var b strings.Builder
	head := func(s string) { fmt.Fprintf(&b, "\nh3. %s\n", s) }
	items := func(all []string) {
		for _, s := range all {
			fmt.Fprintf(&b, "* %s\n", oneLine(s))
		}
	}
	fmt.Fprintf(&b, "%s promises this change: %s.", link(p.Ref, p.URL), Escape(p.Promise))
	if p.DueOn != "" {
		fmt.Fprintf(&b, " It is due on %s.", p.DueOn)
	}
	b.WriteString("\n")
	if p.Detail != "" {
		fmt.Fprintf(&b, "\n%s\n", Escape(p.Detail))
	}
	if len(p.History) > 0 {
		head("How often, and what it cost")
		items(p.History)
	}
	for _, i := range p.Incidents {
		fmt.Fprintf(&b, "\nh3. %s %s\n", link(i.Ref, i.URL), oneLine(i.Title))
		items([]string{strings.Join(i.Facts, " · ")})
		if len(i.Labels) > 0 {
			items([]string{"Alert: " + strings.Join(i.Labels, " · ")})
		}
		if len(i.Timeline) > 0 {
			items([]string{"Timeline: " + strings.Join(i.Timeline, "; ")})
		}
		if i.Tried != "" {
			items([]string{"Tried: " + i.Tried})
		}
	}
	if len(p.Deployments) > 0 {
		head("Deployments before the impact")
		items(p.Deployments)
	}
	if len(p.Learnt) > 0 {
		head("What is known")
		items(p.Learnt)
	}
	if len(p.Links) > 0 {
		head("Links")
		for _, l := range p.Links {
			fmt.Fprintf(&b, "* %s\n", link(l.Name, l.URL))
		}
	}
	end := fmt.Sprintf("\nWritten by Upshot on %s UTC, as things were known then; the linked pages know what came later.\n", p.FrozenAt.UTC().Format("2006-01-02 15:04"))
	text := b.String()
	if most := textMax - utf8.RuneCountInString(end); utf8.RuneCountInString(text) > most {
		rest := fmt.Sprintf("…\n\nThe rest is at %s.\n", link(p.Ref, p.URL))
		text = string([]rune(text)[:most-utf8.RuneCountInString(rest)]) + rest
	}
	return text + end
}

// oneLine is text in an item of a list.
func oneLine(s string) string { return strings.TrimSpace(spaces.ReplaceAllString(Escape(s), " ")) }

// Note is the status comment.
func (Markup) Note(said []jirasync.NoteLine) string {
	var lines []string
	for _, l := range said {
		line := link(l.Ref, l.URL) + ": " + l.Line
		if l.Because != "" {
			line += "\n" + Escape(l.Because)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n\n")
}
