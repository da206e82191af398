package store

import "time"

// nullable is a moment as a column that may be null: the zero moment is unknown.
func nullable(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	at = at.UTC()
	return &at
}

// moment is what nullable made a column of.
func moment(at *time.Time) time.Time {
	if at == nil {
		return time.Time{}
	}
	return at.UTC()
}

// reference is a number as a foreign key that may be null: 0 refers to nothing.
func reference[ID ~int64](id ID) *int64 {
	if id == 0 {
		return nil
	}
	n := int64(id)
	return &n
}

// referred is what reference made a column of.
func referred[ID ~int64](id *int64) ID {
	if id == nil {
		return 0
	}
	return ID(*id)
}

// optional is a word as a column that may be null: the empty word says nothing.
func optional[Word ~string](w Word) *string {
	if w == "" {
		return nil
	}
	text := string(w)
	return &text
}

// said is what optional made a column of.
func said[Word ~string](text *string) Word {
	if text == nil {
		return ""
	}
	return Word(*text)
}

// seconds is a length of time as a column.
func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// SetClock replaces the clock that rows are stamped with, before others use the store: a story told of the past, and
// tests, hand theirs in.
func (s *Store) SetClock(now func() time.Time) {
	s.writer.NowFunc, s.reader.NowFunc = now, now
}

// now is the moment that rows are stamped with.
func (s *Store) now() time.Time { return s.writer.NowFunc() }
