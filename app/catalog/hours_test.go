package catalog

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"upshot/app/fault"
)

func TestWorking(t *testing.T) {
	t.Parallel()
	lisbon, berlin := zone(t, "Europe/Lisbon"), zone(t, "Europe/Berlin")
	parsed := func(windows, holidays string) Hours {
		h, err := ParseHours(windows, holidays)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	local := func(loc *time.Location, text string) time.Time {
		at, err := time.ParseInLocation("2006-01-02 15:04", text, loc)
		if err != nil {
			t.Fatal(err)
		}
		return at.UTC()
	}
	nights := parsed("sat-mon 00:00-24:00", "")
	cases := map[string]struct {
		hours    Hours
		loc      *time.Location
		from, to string
		want     time.Duration
	}{
		"within a day":                               {Hours{}, lisbon, "2026-03-02 10:00", "2026-03-02 11:30", 90 * time.Minute},
		"from evening to morning":                    {Hours{}, lisbon, "2026-03-02 16:00", "2026-03-03 10:00", 2 * time.Hour},
		"over a week-end":                            {Hours{}, lisbon, "2026-03-06 16:00", "2026-03-09 10:00", 2 * time.Hour},
		"a whole week":                               {Hours{}, lisbon, "2026-03-02 00:00", "2026-03-09 00:00", 40 * time.Hour},
		"outside all windows":                        {Hours{}, lisbon, "2026-03-07 10:00", "2026-03-07 12:00", 0},
		"half-open: from the closing on":             {Hours{}, lisbon, "2026-03-02 17:00", "2026-03-03 09:00", 0},
		"the wrong way round":                        {Hours{}, lisbon, "2026-03-03 10:00", "2026-03-02 10:00", 0},
		"a holiday is free":                          {parsed("", "2026-03-03"), lisbon, "2026-03-02 09:00", "2026-03-04 17:00", 16 * time.Hour},
		"a lunch break":                              {parsed("mon 09:00-12:00 13:00-17:00", ""), lisbon, "2026-03-02 00:00", "2026-03-03 00:00", 7 * time.Hour},
		"the same hours before and after the clocks": {Hours{}, berlin, "2026-03-27 09:00", "2026-03-30 17:00", 16 * time.Hour},
		"the day the clocks go forward has 23 hours": {nights, berlin, "2026-03-29 00:00", "2026-03-30 00:00", 23 * time.Hour},
		"the day the clocks go back has 25 hours":    {nights, berlin, "2026-10-25 00:00", "2026-10-26 00:00", 25 * time.Hour},
		"a window across the missing hour":           {parsed("sun 01:00-05:00", ""), berlin, "2026-03-29 00:00", "2026-03-29 12:00", 3 * time.Hour},
		"a window across the doubled hour":           {parsed("sun 01:00-05:00", ""), berlin, "2026-10-25 00:00", "2026-10-25 12:00", 5 * time.Hour},
		"until midnight":                             {parsed("mon 22:00-24:00, tue 00:00-06:00", ""), lisbon, "2026-03-02 12:00", "2026-03-03 12:00", 8 * time.Hour},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := c.hours.Working(local(c.loc, c.from), local(c.loc, c.to), c.loc); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
	if got := (Hours{}).Working(time.Time{}, time.Now(), lisbon); got != 0 {
		t.Errorf("from an unknown moment: got %v, want 0", got)
	}
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestHoursAsText(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"":                   "mon-fri 09:00-17:00",
		"Mon-Fri 9:00-17:00": "mon-fri 09:00-17:00",
		"monday 09:00-12:00\ntuesday 09:00-12:00":           "mon-tue 09:00-12:00",
		"fri 09:00-15:00, mon-thu 09:00-12:00 13:00-17:30":  "mon-thu 09:00-12:00 13:00-17:30, fri 09:00-15:00",
		"sat-mon 00:00-24:00":                               "mon 00:00-24:00, sat-sun 00:00-24:00",
		"mon 13:00-17:00; mon 09:00-12:00; wed 09:00-12:00": "mon 09:00-12:00 13:00-17:00, wed 09:00-12:00",
		"mon-sun 00:00-24:00":                               "mon-sun 00:00-24:00",
	}
	for text, want := range cases {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			h, err := ParseHours(text, "2026-12-25, 2026-01-01\n2026-12-25")
			if err != nil {
				t.Fatal(err)
			}
			if got := h.String(); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			if !reflect.DeepEqual(h.Holidays, []string{"2026-01-01", "2026-12-25"}) {
				t.Errorf("got holidays %v", h.Holidays)
			}
			again, err := ParseHours(h.String(), "")
			if err != nil || again.String() != want {
				t.Errorf("read back: %q, %v", again, err)
			}
			data, err := json.Marshal(h)
			if err != nil {
				t.Fatal(err)
			}
			var kept Hours
			if err := json.Unmarshal(data, &kept); err != nil || !reflect.DeepEqual(kept, h) {
				t.Errorf("kept as %s, read back as %v, %v", data, kept, err)
			}
		})
	}
}

func TestHoursThatCannotBe(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ windows, holidays, field string }{
		"no such day":           {"moonday 09:00-17:00", "", "hours"},
		"no hours":              {"mon-fri", "", "hours"},
		"no window":             {"mon 9-17", "", "hours"},
		"no such time":          {"mon 09:00-24:30", "", "hours"},
		"ends before it begins": {"mon 22:00-06:00", "", "hours"},
		"empty":                 {"mon 09:00-09:00", "", "hours"},
		"overlapping":           {"mon-fri 09:00-17:00, wed 16:00-20:00", "", "hours"},
		"no such date":          {"", "2026-02-30", "holidays"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ParseHours(c.windows, c.holidays)
			if !fault.Is(err, fault.Invalid) || fault.Of(err).Fields[0].Name != c.field {
				t.Errorf("got %v, want %s to be corrected", err, c.field)
			}
		})
	}
	if err := (Hours{Windows: []Window{{Day: 7, From: 0, To: 60}}}).Check(); !fault.Is(err, fault.Invalid) {
		t.Errorf("an eighth weekday: got %v", err)
	}
	if err := (Hours{Windows: []Window{{Day: 1, From: -5, To: 2000}}}).Check(); !fault.Is(err, fault.Invalid) {
		t.Errorf("a day of 33 hours: got %v", err)
	}
}
