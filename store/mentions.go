package store

import (
	"encoding/binary"
	"errors"
	"math"

	"upshot/app/problem"
)

// Mentions are packed in order of their terms: the distance to the term before as a variable-length number, then one byte with the
// half counts of the title in its upper four bits and those of the text in its lower four.

func packMentions(mentions []problem.Mention) []byte {
	packed := make([]byte, 0, 4*len(mentions))
	var before problem.Term
	for _, m := range mentions {
		packed = binary.AppendUvarint(packed, uint64(m.Term-before))
		packed = append(packed, halves(m.Title)<<4|halves(m.Body))
		before = m.Term
	}
	return packed
}

func halves(mentions float64) byte { return byte(math.Round(2 * min(mentions, problem.MaxMentions))) }

var errMentions = errors.New("the packed words of an incident are cut off")

func unpackMentions(packed []byte) ([]problem.Mention, error) {
	var mentions []problem.Mention
	var term problem.Term
	for len(packed) > 0 {
		distance, n := binary.Uvarint(packed)
		if n <= 0 || n == len(packed) {
			return nil, errMentions
		}
		term += problem.Term(distance)
		counts := packed[n]
		mentions = append(mentions, problem.Mention{Term: term, Title: float64(counts>>4) / 2, Body: float64(counts&0xF) / 2})
		packed = packed[n+1:]
	}
	return mentions, nil
}
