package store

import "encoding/json"

// Long lists travel as one parameter, so that a statement reads the same however long they are and is prepared once. Short ones may stand
// in the statement: IN ?.

// numbers is a list of numbers for IN, and its parameter.
func (s *Store) numbers(list any) (in string, arg string) {
	if s.pool != nil {
		return "(SELECT value::bigint FROM jsonb_array_elements_text(?::jsonb))", listed(list)
	}
	return "(SELECT value FROM json_each(?))", listed(list)
}

// strings is a list of words for IN, and its parameter.
func (s *Store) strings(list []string) (in string, arg string) {
	if s.pool != nil {
		return "(SELECT value FROM jsonb_array_elements_text(?::jsonb))", listed(list)
	}
	return "(SELECT value FROM json_each(?))", listed(list)
}

// listed writes numbers and words; nil is an empty list.
func listed(list any) string {
	b, err := json.Marshal(list)
	if err != nil { // numbers and words
		panic(err)
	}
	if string(b) == "null" {
		return "[]"
	}
	return string(b)
}
