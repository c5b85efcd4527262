// Package storetest is the suite that every engine passes. It asks for no more
// than package store promises: indexes and the stream may lag, so it waits
// for them, and engines may be shared, so every test has partitions of its own.
package storetest

import (
	"testing"

	"deskmove/shared/store"
)

// Run tests an engine. It calls open once for each test; open may give the
// same engine every time.
func Run(t *testing.T, open func(t *testing.T) store.Engine) {
	for _, test := range []struct {
		name string
		run  func(*kit)
	}{
		{"Conditions", conditions},
		{"ConditionsInTransactions", conditionsInTransactions},
		{"Puts", puts},
		{"Updates", updates},
		{"Deletes", deletes},
		{"Values", values},
		{"LargeItems", largeItems},
		{"EmptyKeys", emptyKeys},
		{"ManyWrites", manyWrites},
		{"Nothing", nothing},
		{"Get", get},
		{"Transactions", transactions},
		{"TransactionErrors", transactionErrors},
		{"TransactionLimit", transactionLimit},
		{"Order", order},
		{"Bounds", bounds},
		{"Pages", pages},
		{"PagesUnderInserts", pagesUnderInserts},
		{"PagesOfLargeItems", pagesOfLargeItems},
		{"ForgedCursors", forgedCursors},
		{"Counts", counts},
		{"CountsOfLargeItems", countsOfLargeItems},
		{"Index", index},
		{"IndexesOfOneTable", indexesOfOneTable},
		{"IndexProjections", indexProjections},
		{"IndexDuplicates", indexDuplicates},
		{"IndexBounds", indexBounds},
		{"OneWins", oneWins},
		{"OneTransactionWins", oneTransactionWins},
		{"AddsSumUp", addsSumUp},
		{"VersionsCount", versionsCount},
		{"StrongReads", strongReads},
		{"Cancelled", cancelled},
		{"Model", model},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(newKit(t, open(t))) })
	}
}

// Streaming is an engine with a stream.
type Streaming interface {
	store.Engine
	store.Stream
}

// RunStream tests an engine's stream. It calls open as Run does.
func RunStream(t *testing.T, open func(t *testing.T) Streaming) {
	for _, test := range []struct {
		name string
		run  func(*kit, store.Stream)
	}{
		{"Shards", streamShards},
		{"Images", streamImages},
		{"Filter", streamFilter},
		{"Order", streamOrder},
		{"Resume", streamResume},
		{"Between", streamBetween},
		{"Transactions", streamTransactions},
		{"End", streamEnd},
		{"Cancelled", streamCancelled},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := open(t)
			test.run(newKit(t, e), e)
		})
	}
}
