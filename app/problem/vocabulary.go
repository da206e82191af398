package problem

import (
	"cmp"
	"math"
	"slices"
)

// Term is the number of a word in a vocabulary.
type Term int64

// Mention is how often an incident mentions a term; see Mentions.
type Mention struct {
	Term        Term
	Title, Body float64
}

// Vocabulary numbers words and knows how many incidents mention each.
type Vocabulary struct {
	incidents int
	terms     map[string]Term
	written   map[Term]written
	bearers   map[Term]int
	strange   Term // the last number given to a word that no incident mentions
}

// written is how a term stands in the first text that has it, and after how many others.
type written struct {
	word  string
	place int
}

// fewIncidents: where there are fewer, a word that two bear is still thought rare. Nobody can know yet.
const fewIncidents = 20

// NewVocabulary is an empty one over that many incidents.
func NewVocabulary(incidents int) *Vocabulary {
	return &Vocabulary{incidents: incidents, terms: map[string]Term{}, written: map[Term]written{}, bearers: map[Term]int{}}
}

// Learn takes in how many incidents mention a term, and its word; that is empty where only the number is needed.
func (v *Vocabulary) Learn(term Term, word string, bearers int) {
	if word != "" {
		v.terms[word] = term
	}
	v.bearers[term] = bearers
}

// Knows tells whether the term was learnt.
func (v *Vocabulary) Knows(t Term) bool {
	_, known := v.bearers[t]
	return known
}

// Mentions are those of a text by number, in order. A word that is not known gets a number of its own, below zero.
func (v *Vocabulary) Mentions(all []Mentions) []Mention {
	numbered := make([]Mention, len(all))
	for n, m := range all {
		term, known := v.terms[m.Word]
		if !known {
			v.strange--
			term = v.strange
			v.Learn(term, m.Word, 0)
		}
		if v.written[term].word == "" {
			v.written[term] = written{m.Written, len(v.written)}
		}
		numbered[n] = Mention{term, m.Title, m.Body}
	}
	slices.SortFunc(numbered, func(a, b Mention) int { return cmp.Compare(a.Term, b.Term) })
	return numbered
}

// Incidents is how many there are.
func (v *Vocabulary) Incidents() int { return v.incidents }

// Bearers is how many incidents mention the term.
func (v *Vocabulary) Bearers(t Term) int { return v.bearers[t] }

// Word is how the first text with the term writes it.
func (v *Vocabulary) Word(t Term) string { return v.written[t].word }

// Rarity of a term is ln(1 + incidents / incidents that mention it), above 0 and finite.
func (v *Vocabulary) Rarity(t Term) float64 {
	return math.Log1p(float64(max(v.incidents, fewIncidents)) / float64(max(1, v.bearers[t])))
}
