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

	channels held[[2]string, Volume] // by account and channel
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

// For how long volumes are good, and of how many channels they are kept.
const (
	volumesFor = 5 * time.Minute
	maxHeld    = 1000
)

// Count counts a channel's conversations.
func (v *Volumes) Count(ctx context.Context, account, channel string) (desk.Figure, error) {
	return v.Conversations.Count(ctx, account, Stretch{Channel: channel}, countExactly, countFar)
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
			volumes[i], err = v.channels.of([2]string{setup.Account.ID, c.ID}, maxHeld, v.Now, volumesFor, func() (Volume, error) {
				return v.read(ctx, setup.Account, c.ID, exact)
			})
			return err
		})
	}
	return volumes, g.Wait()
}

// read reads a channel's volume. It lists a few of the newest, which is all of most
// channels, and counts the others: all of them, and each day.
func (v *Volumes) read(ctx context.Context, account desk.Account, channel string, exact int) (r Volume, err error) {
	ps, more, err := v.Conversations.ListAll(ctx, account.ID, []Stretch{{Channel: channel}}, desk.Position{}, listRecent)
	if err != nil {
		return r, err
	}
	r.Conversations = desk.Figure{N: int64(len(ps)), Is: desk.Exact}
	if len(ps) > 0 {
		r.LastAt = ps[0].Joined
	}
	days := lastDays(v.Now().In(account.Location()))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4) // counts at a time
	if more {
		g.Go(func() (err error) {
			r.Conversations, err = v.Conversations.Count(ctx, account.ID, Stretch{Channel: channel}, exact, countFar)
			return err
		})
	}
	if !more || ps[len(ps)-1].Joined.Before(days[0]) {
		for _, p := range ps {
			if day := dayOf(days, p.Joined); day >= 0 {
				r.PerDay[day]++
			}
		}
		err = g.Wait() // before r is returned
		return r, err
	}
	for i := range r.PerDay {
		g.Go(func() error {
			n, err := v.Conversations.Count(ctx, account.ID, Stretch{
				Channel: channel, Until: desk.Position{Joined: days[i]}, After: desk.Position{Joined: days[i+1]},
			}, countDay, countDay)
			r.PerDay[i] = n.N
			return err
		})
	}
	err = g.Wait()
	return r, err
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
