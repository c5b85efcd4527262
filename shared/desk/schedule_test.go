package desk_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"deskmove/shared/desk"
)

func at(t testing.TB, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestScheduleAdd(t *testing.T) {
	office := acme().Policies[0].Schedule
	night := desk.Schedule{Weekly: []desk.Hours{{Day: time.Sunday, From: "01:00", To: "04:00"}}}
	gap := desk.Schedule{Weekly: []desk.Hours{{Day: time.Sunday, From: "02:15", To: "02:45"}}}
	halves := desk.Schedule{Weekly: []desk.Hours{{Day: time.Monday, From: "13:00", To: "17:00"}, {Day: time.Monday, From: "09:00", To: "12:00"}}}
	early := desk.Schedule{Weekly: []desk.Hours{{Day: time.Sunday, From: "01:00", To: "02:30"}}}
	holidays := desk.Schedule{Holidays: []string{"2026-12-25", "2026-12-26"}}
	for name, test := range map[string]struct {
		s    desk.Schedule
		from string
		d    time.Duration
		want string
	}{
		"nothing":                      {office, "2026-03-07T03:00:00Z", 0, "2026-03-07T03:00:00Z"},
		"within a day":                 {office, "2026-03-02T10:00:00+01:00", time.Hour, "2026-03-02T11:00:00+01:00"},
		"to the end of the day":        {office, "2026-03-02T10:00:00+01:00", 7 * time.Hour, "2026-03-02T17:00:00+01:00"},
		"over lunch":                   {halves, "2026-03-02T10:00:00+01:00", 3 * time.Hour, "2026-03-02T14:00:00+01:00"},
		"over the evening":             {office, "2026-03-02T10:00:00+01:00", 7*time.Hour + 1, "2026-03-03T09:00:00.000000001+01:00"},
		"before work":                  {office, "2026-03-02T06:00:00+01:00", time.Hour, "2026-03-02T10:00:00+01:00"},
		"after work":                   {office, "2026-03-02T20:00:00+01:00", time.Hour, "2026-03-03T10:00:00+01:00"},
		"from the weekend":             {office, "2026-03-07T12:00:00+01:00", time.Hour, "2026-03-09T10:00:00+01:00"},
		"over Christmas":               {office, "2026-12-24T16:00:00+01:00", 2 * time.Hour, "2026-12-28T10:00:00+01:00"},
		"over the start of summer":     {office, "2026-03-27T16:00:00+01:00", 2 * time.Hour, "2026-03-30T10:00:00+02:00"},
		"over the end of summer":       {office, "2026-10-23T16:00:00+02:00", 2 * time.Hour, "2026-10-26T10:00:00+01:00"},
		"the short night":              {night, "2026-03-28T12:00:00+01:00", 2 * time.Hour, "2026-03-29T04:00:00+02:00"},
		"more than the short night":    {night, "2026-03-28T12:00:00+01:00", 3 * time.Hour, "2026-04-05T02:00:00+02:00"},
		"the long night":               {night, "2026-10-24T12:00:00+02:00", 4 * time.Hour, "2026-10-25T04:00:00+01:00"},
		"from within the long night":   {night, "2026-10-25T02:30:00+01:00", 90 * time.Minute, "2026-10-25T04:00:00+01:00"},
		"over, and the clock put back": {early, "2026-10-25T02:10:00+01:00", 10 * time.Minute, "2026-11-01T01:10:00+01:00"},
		"hours that do not exist":      {gap, "2026-03-28T12:00:00+01:00", 10 * time.Minute, "2026-04-05T02:25:00+02:00"},
		"hours that exist twice":       {gap, "2026-10-24T12:00:00+02:00", 30 * time.Minute, "2026-10-25T02:45:00+02:00"},
		"around the clock":             {desk.Schedule{}, "2026-03-28T12:00:00+01:00", 24 * time.Hour, "2026-03-29T13:00:00+02:00"},
		"around the clock, holidays":   {holidays, "2026-12-24T23:00:00+01:00", 2 * time.Hour, "2026-12-27T01:00:00+01:00"},
		"started on a holiday":         {holidays, "2026-12-25T12:00:00+01:00", time.Hour, "2026-12-27T01:00:00+01:00"},
		"from a zone of another place": {office, "2026-03-02T04:00:00-05:00", time.Hour, "2026-03-02T11:00:00+01:00"},
		"with its own zone": {desk.Schedule{Zone: "Asia/Kolkata", Weekly: office.Weekly}, "2026-03-02T00:00:00Z",
			time.Hour, "2026-03-02T10:00:00+05:30"},
		"a day that Go's zones forget": {office, "2040-12-31T16:00:00+01:00", 2 * time.Hour, "2041-01-01T10:00:00+01:00"},
		"from the day they forget":     {office, "2068-12-31T12:00:00Z", 5 * time.Hour, "2069-01-01T10:00:00+01:00"},
		"before zones":                 {office, "0001-01-01T00:00:00Z", time.Hour, "0001-01-01T09:06:32Z"}, // 10:00 by the sun in Berlin
	} {
		got, err := test.s.Add(at(t, test.from), test.d, "Europe/Berlin")
		if want := at(t, test.want); err != nil || !got.Equal(want) {
			t.Errorf("%s: %s, %v; want %s", name, got, err, want)
		}
	}
}

func TestScheduleAddRefuses(t *testing.T) {
	hours := func(day time.Weekday, from, to string) desk.Schedule {
		return desk.Schedule{Weekly: []desk.Hours{{Day: day, From: from, To: to}}}
	}
	two := hours(1, "09:00", "12:00")
	two.Weekly = append(two.Weekly, desk.Hours{Day: 1, From: "11:00", To: "13:00"})
	for name, test := range map[string]struct {
		s    desk.Schedule
		d    time.Duration
		want string
	}{
		"never works":     {hours(1, "17:00", "09:00"), time.Hour, "schedule.weekly[0]"},
		"works no time":   {hours(1, "09:00", "09:00"), time.Hour, "schedule.weekly[0]"},
		"no weekday":      {hours(7, "09:00", "17:00"), time.Hour, "schedule.weekly[0].day"},
		"no day at all":   {hours(-1, "09:00", "17:00"), time.Hour, "schedule.weekly[0].day"},
		"no from":         {hours(1, "", "17:00"), time.Hour, "schedule.weekly[0].from"},
		"odd from":        {hours(1, "9:00", "17:00"), time.Hour, "schedule.weekly[0].from"},
		"odd to":          {hours(1, "09:00", "24:01"), time.Hour, "schedule.weekly[0].to"},
		"overlap":         {two, time.Hour, "schedule.weekly[1]"},
		"zone":            {desk.Schedule{Zone: "Mars"}, time.Hour, "schedule.zone"},
		"machine's zone":  {desk.Schedule{Zone: "Local"}, time.Hour, "schedule.zone"},
		"holiday":         {desk.Schedule{Holidays: []string{"2026-02-29"}}, time.Hour, "schedule.holidays[0]"},
		"negative":        {desk.Schedule{}, -1, "duration"},
		"takes centuries": {hours(1, "09:00", "09:01"), 200 * time.Hour, "duration"},
	} {
		got, err := test.s.Add(fence, test.d, "Europe/Berlin")
		if f := fields(err); !slices.Equal(f, []string{test.want}) || !got.IsZero() {
			t.Errorf("%s: %s, %v is about %q; want %q", name, got, err, f, test.want)
		}
	}
}

// anySchedule draws a schedule with a few spans and holidays around near, in
// zones whose clocks change by an hour, by half an hour, at midnight, or by
// a whole day.
func anySchedule(t *rapid.T, near time.Time) desk.Schedule {
	s := desk.Schedule{Zone: rapid.SampledFrom([]string{"", "Europe/Berlin", "America/New_York", "Asia/Kolkata",
		"Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia", "Africa/Casablanca", "America/Sao_Paulo"}).Draw(t, "zone")}
	for day := range time.Weekday(7) {
		var end int
		for end < 24*60 && rapid.IntRange(0, 2).Draw(t, "more") == 0 {
			from := rapid.IntRange(end, 24*60-1).Draw(t, "from")
			end = rapid.IntRange(from+1, 24*60).Draw(t, "to")
			s.Weekly = append(s.Weekly, desk.Hours{Day: day, From: clock(from), To: clock(end)})
		}
	}
	if len(s.Weekly) > 0 {
		s.Weekly = rapid.Permutation(s.Weekly).Draw(t, "order")
	}
	for range rapid.IntRange(0, 3).Draw(t, "holidays") {
		s.Holidays = append(s.Holidays, near.AddDate(0, 0, rapid.IntRange(-2, 9).Draw(t, "holiday")).Format(time.DateOnly))
	}
	return s
}

// weekly is how many minutes s works in a week: few of them make a duration
// take years, which is long to watch.
func weekly(s desk.Schedule) int {
	sum := 0
	for _, h := range s.Weekly {
		sum += minute(h.To) - minute(h.From)
	}
	if sum == 0 {
		return 7 * 24 * 60
	}
	return sum
}

func minute(clock string) int {
	return int(clock[0]-'0')*600 + int(clock[1]-'0')*60 + int(clock[3]-'0')*10 + int(clock[4]-'0')
}

func clock(minute int) string {
	if minute == 24*60 {
		return "24:00"
	}
	return time.Unix(int64(minute)*60, 0).UTC().Format("15:04")
}

// anyTime draws an instant, most often near a change of some clock.
func anyTime(t *rapid.T) time.Time {
	near := rapid.SampledFrom([]string{"2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01", "2026-04-05", "2011-12-30",
		"2010-11-07", "2018-02-18", "2017-10-15", "2026-06-15", "1969-12-31", "2040-12-31", "2045-01-01"}).Draw(t, "near")
	v, _ := time.Parse(time.DateOnly, near)
	return v.Add(time.Duration(rapid.IntRange(-4*24*60, 2*24*60).Draw(t, "minutes")) * time.Minute)
}

func add(t *rapid.T, s desk.Schedule, from time.Time, d time.Duration) time.Time {
	got, err := s.Add(from, d, "UTC")
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestScheduleAddAgainstTheClock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := anyTime(t)
		s := anySchedule(t, from)
		d := time.Duration(rapid.IntRange(1, min(3000, 3*weekly(s))).Draw(t, "d")) * time.Minute
		want := watch(s, from, d)
		if got := add(t, s, from, d); !got.Equal(want) {
			t.Fatalf("%+v: %s after %s is %s; the clock says %s", s, d, from, got, want)
		}
	})
}

// watch looks at the clock on the wall every minute, as the people of s would:
// they start when it has first shown their time of starting, and do not
// start again when it is put back.
func watch(s desk.Schedule, from time.Time, d time.Duration) time.Time {
	zone, err := time.LoadLocation(s.Zone)
	if err != nil {
		panic(err)
	}
	var latest string
	for now := from.Add(-72 * time.Hour); ; now = now.Add(time.Minute) {
		if d == 0 {
			return now
		}
		latest = max(latest, now.In(zone).Format("2006-01-02 15:04"))
		if !now.Before(from) && works(s, latest[:10], latest[11:]) {
			d -= time.Minute
		}
	}
}

func works(s desk.Schedule, date, clock string) bool {
	if slices.Contains(s.Holidays, date) {
		return false
	}
	day, _ := time.Parse(time.DateOnly, date)
	return len(s.Weekly) == 0 || slices.ContainsFunc(s.Weekly, func(h desk.Hours) bool {
		return h.Day == day.Weekday() && h.From <= clock && clock < h.To
	})
}

func TestScheduleAddIsMonotoneAndAdditive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := anyTime(t).Add(time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "nanoseconds")))
		s := anySchedule(t, from)
		most := min(int64(60*time.Hour), int64(weekly(s))*int64(20*time.Minute))
		a := time.Duration(rapid.Int64Range(0, most).Draw(t, "a"))
		b := time.Duration(rapid.Int64Range(0, most).Draw(t, "b"))
		first, both := add(t, s, from, a), add(t, s, from, a+b)
		if step := add(t, s, first, b); !step.Equal(both) {
			t.Fatalf("%+v: %s and then %s after %s is %s; at once it is %s", s, a, b, from, step, both)
		}
		if first.Before(from.Add(a)) || both.Before(first) {
			t.Fatalf("%+v: %s after %s is %s, %s is %s", s, a, from, first, a+b, both)
		}
		if later := add(t, s, from.Add(b), a); later.Before(first) {
			t.Fatalf("%+v: starting %s later than %s ends sooner, at %s", s, b, from, later)
		}
	})
}
