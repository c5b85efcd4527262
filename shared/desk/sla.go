package desk

import "time"

// Policy is one set of service promises. Durations count in working time of
// the schedule; zero promises nothing.
type Policy struct {
	ID         string
	Name       string
	Channels   []string // channel IDs it is for; empty is all
	Statuses   []Status // ticket statuses it is for; empty is all
	Schedule   Schedule
	FirstReply time.Duration
	NextReply  time.Duration
	Close      time.Duration
}

// Schedule is when a team works. No weekly hours at all is around the clock.
type Schedule struct {
	Zone     string // IANA time zone; "" is the account's
	Weekly   []Hours
	Holidays []string // dates "2006-01-02" in Zone, on which nobody works
}

// Hours is one span of work in a week.
type Hours struct {
	Day  time.Weekday
	From string // "09:00"
	To   string // "17:00"; "24:00" is the end of the day
}

// Clocks are the times by which something is due. A zero time is no clock.
type Clocks struct {
	Policy     string // ID of the policy, "" if none applies
	FirstReply time.Time
	NextReply  time.Time
	Close      time.Time
}
