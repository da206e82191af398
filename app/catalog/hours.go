package catalog

import (
	"time"

	"upshot/app/fault"
)

// Hours is when a team works, in the team's own zone. The zero value is Monday to Friday, 09:00 to 17:00.
type Hours struct {
	// Windows lists the working windows of each weekday; a day without one is free.
	Windows []Window `json:"windows,omitempty"`
	// Holidays are dates such as 2026-12-25.
	Holidays []string `json:"holidays,omitempty"`
}

// Window is a half-open stretch of one weekday, [From, To), by the clock on the wall.
type Window struct {
	Day      time.Weekday `json:"day"`
	From, To Clock        `json:"-"`
}

// Clock is minutes since midnight by the clock on the wall, 0 to 1440.
type Clock int

// Check says what is wrong with the hours.
func (h Hours) Check() error {
	var c fault.Check
	return c.Err()
}
