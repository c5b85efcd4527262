package support

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"deskmove/shared/desk"
)

// Volumes says how much there is on channels, from keys alone: no conversation is
// read.
type Volumes struct {
	Conversations interface {
		ListAll(ctx context.Context, account string, of []Stretch, after desk.Position, limit int) ([]desk.Position, bool, error)
		Count(ctx context.Context, account string, of Stretch, exact, far int) (desk.Figure, error)
	}
	Now func() time.Time

	counts held[countKey, desk.Figure]
	recent held[[2]string, recentVolume] // by account and channel
}

type countKey struct {
	account, channel string
	exact            int
}

// Volume is how much there is on a channel.
type Volume struct {
	Conversations desk.Figure
	PerDay        [VolumeDays]int64 // that joined on each of the last days in the account's zone, today's the last
	LastAt        time.Time         // when the last one joined; zero if none did
}

// VolumeDays is how many days a volume looks back.
const VolumeDays = 14

// How far is counted, in keys of the listing. A key takes 130 bytes or so: on
// DynamoDB a request reads about 8,000 in 30 ms, and a million cost $0.002. One
// machine counts some millions a second.
const (
	countExactly = 1_000_000 // of one channel
	countAll     = 2_000_000 // of all channels of an account together
	countFar     = 4_000_000 // of one channel, by one of its shards
	countDay     = 100_000   // of one day
	listRecent   = 1_000     // listed at once; where that is all of the days, none is counted
)

// For how long counts are good, and of how many channels they are kept.
const (
	maxHeld    = 1000
	countedFor = time.Minute
	volumesFor = 5 * time.Minute
)

// Count counts a channel's conversations; what it returns is up to a minute old.
func (v *Volumes) Count(ctx context.Context, account, channel string) (desk.Figure, error) {
	return v.count(ctx, account, channel, countExactly, countedFor)
}

func (v *Volumes) count(ctx context.Context, account, channel string, exact int, maxAge time.Duration) (desk.Figure, error) {
	return v.counts.of(countKey{account, channel, exact}, maxHeld, v.Now, maxAge, func() (desk.Figure, error) {
		return v.Conversations.Count(ctx, account, Stretch{Channel: channel}, exact, countFar)
	})
}

// Of returns the volumes of all channels of an account in the order of its setup,
// up to five minutes old.
func (v *Volumes) Of(ctx context.Context, setup desk.Setup) ([]Volume, error) {
	volumes := make([]Volume, len(setup.Channels))
	exact := min(countExactly, countAll/max(len(setup.Channels), 1))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4) // channels at a time
	for i, c := range setup.Channels {
		g.Go(func() (err error) {
			if volumes[i].Conversations, err = v.count(ctx, setup.Account.ID, c.ID, exact, volumesFor); err != nil {
				return err
			}
			recent, err := v.recent.of([2]string{setup.Account.ID, c.ID}, maxHeld, v.Now, volumesFor, func() (recentVolume, error) {
				return v.read(ctx, setup.Account, c.ID)
			})
			volumes[i].PerDay, volumes[i].LastAt = recent.perDay, recent.lastAt
			return err
		})
	}
	return volumes, g.Wait()
}

// recentVolume is what happened on a channel lately.
type recentVolume struct {
	perDay [VolumeDays]int64
	lastAt time.Time
}

// read reads what joined a channel lately: it lists a few, which is all of most
// channels, and counts each day of the others.
func (v *Volumes) read(ctx context.Context, account desk.Account, channel string) (r recentVolume, err error) {
	ps, more, err := v.Conversations.ListAll(ctx, account.ID, []Stretch{{Channel: channel}}, desk.Position{}, listRecent)
	if err != nil {
		return r, err
	}
	days := lastDays(v.Now().In(account.Location()))
	if len(ps) > 0 {
		r.lastAt = ps[0].Joined
	}
	if !more || ps[len(ps)-1].Joined.Before(days[0]) {
		for _, p := range ps {
			if day := dayOf(days, p.Joined); day >= 0 {
				r.perDay[day]++
			}
		}
		return r, nil
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4) // days at a time
	for i := range r.perDay {
		g.Go(func() error {
			n, err := v.Conversations.Count(ctx, account.ID, Stretch{
				Channel: channel, Until: desk.Position{Joined: days[i]}, After: desk.Position{Joined: days[i+1]},
			}, countDay, countDay)
			r.perDay[i] = n.N
			return err
		})
	}
	return r, g.Wait()
}

// lastDays returns when each of the last days began, and when the next one does.
func lastDays(now time.Time) (days [VolumeDays + 1]time.Time) {
	year, month, day := now.Date()
	for i := range days {
		days[i] = time.Date(year, month, day-VolumeDays+1+i, 0, 0, 0, 0, now.Location())
	}
	return days
}

// dayOf returns the day of a time, -1 for one that came before. What a clock ahead
// of ours has dated is of today.
func dayOf(days [VolumeDays + 1]time.Time, at time.Time) int {
	for i := VolumeDays - 1; i >= 0; i-- {
		if !at.Before(days[i]) {
			return i
		}
	}
	return -1
}
