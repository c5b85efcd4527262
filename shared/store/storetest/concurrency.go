package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"deskmove/shared/store"
)

// together runs f in n goroutines that begin at the same time.
func together(n int, f func(i int)) {
	var wait sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wait.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	wait.Wait()
}

func oneWins(k *kit)            { race(k, k.write) }
func oneTransactionWins(k *kit) { race(k, func(w store.Write) error { return k.transact(w) }) }

// race puts the same item from 64 goroutines, if it is absent.
func race(k *kit, do func(store.Write) error) {
	for range 5 {
		key := k.fresh()
		var winner, winners atomic.Int64
		together(64, func(i int) {
			switch err := do(store.Write{Table: store.Control, Key: key, Set: attrs("i", i), If: store.Absent()}); {
			case err == nil:
				winner.Store(int64(i))
				winners.Add(1)
			case !errors.Is(err, store.ErrCondition):
				k.Error(err)
			}
		})
		if winners.Load() != 1 {
			k.Fatalf("%d writers believe that they were first", winners.Load())
		}
		k.wantItem(store.Control, key, attrs("i", int(winner.Load())))
	}
}

func addsSumUp(k *kit) {
	key := k.key("p", "counter")
	together(16, func(i int) {
		for range 20 {
			w := store.Write{Op: store.Update, Table: store.Control, Key: key, Add: attrs("n", i+1, fmt.Sprint("n", i), 1)}
			if err := k.patiently(func() error { return k.write(w) }); err != nil {
				k.Error(err)
			}
		}
	})
	if got, _ := k.item(store.Control, key); got.Num("n") != 20*16*17/2 || got.Num("n3") != 20 {
		k.Errorf("sums are %+v", got)
	}
}

// versionsCount adds 1 to a version only if it is still the one read.
func versionsCount(k *kit) {
	key := k.key("p", "item")
	k.must(store.Write{Table: store.Conversations, Key: key, Set: attrs("ver", 0)})
	var wins atomic.Int64
	together(8, func(int) {
		for won := 0; won < 10; {
			items, err := k.engine.Get(k.ctx, store.Conversations, []store.Key{key}, store.Strong)
			if err != nil || len(items) != 1 {
				k.Errorf("get: %d items, %v", len(items), err)
				return
			}
			read, _ := items[0].Attrs.Find("ver")
			err = k.patiently(func() error {
				return k.write(store.Write{Op: store.Update, Table: store.Conversations, Key: key,
					Set: store.Attrs{{Name: "ver", Value: store.N(read.Num + 1)}}, If: store.Equals("ver", read)})
			})
			switch {
			case err == nil:
				won++
				wins.Add(1)
			case !errors.Is(err, store.ErrCondition):
				k.Error(err)
				return
			}
		}
	})
	if got, _ := k.item(store.Conversations, key); got.Num("ver") != wins.Load() {
		k.Errorf("version %d after %d updates", got.Num("ver"), wins.Load())
	}
}

// strongReads see what was answered before, on whatever connection they come.
func strongReads(k *kit) {
	together(16, func(i int) {
		pk := fmt.Sprint("p", i)
		for n := range 20 {
			key := k.key(pk, fmt.Sprintf("%02d", n))
			if err := k.write(store.Write{Table: store.Control, Key: key, Set: attrs("n", n)}); err != nil {
				k.Error(err)
				return
			}
			items, err := k.engine.Get(k.ctx, store.Control, []store.Key{key}, store.Strong)
			if err != nil || len(items) != 1 {
				k.Errorf("strong Get after the write: %d items, %v", len(items), err)
			}
			page, err := k.engine.Query(k.ctx, store.Query{Table: store.Control, PK: k.prefix + pk, Limit: 100, Read: store.Strong})
			if err != nil || len(page.Items) != n+1 {
				k.Errorf("strong Query after %d writes: %d items, %v", n+1, len(page.Items), err)
			}
		}
	})
}

func cancelled(k *kit) {
	ctx, cancel := context.WithCancel(k.ctx)
	cancel()
	key := k.key("p", "a")
	w := store.Write{Table: store.Control, Key: key, Set: attrs("a", 1)}
	errs := k.engine.Write(ctx, []store.Write{w, {Table: store.Control, Key: k.key("p", "b")}})
	_, getErr := k.engine.Get(ctx, store.Control, []store.Key{key}, store.Strong)
	_, queryErr := k.engine.Query(ctx, store.Query{Table: store.Control, PK: key.PK, Limit: 1})
	_, countErr := k.engine.Count(ctx, store.Query{Table: store.Control, PK: key.PK, Limit: 1})
	if len(errs) != 2 {
		k.Fatalf("Write gave errors %v", errs)
	}
	for i, err := range []error{errs[0], errs[1], k.engine.Transact(ctx, []store.Write{w}), getErr, queryErr, countErr} {
		if !errors.Is(err, context.Canceled) {
			k.Errorf("call %d under a cancelled context: %v", i, err)
		}
	}
	k.wantItem(store.Control, key, nil)
}
