package dynamo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"deskmove/shared/store"
)

// translate makes an error of the SDK one of package store. The context is the
// caller's own: if that goes on, an end of time is the engine's impatience.
func translate(ctx context.Context, err error) error {
	if err == nil || errors.Is(err, store.ErrThrottled) {
		return err
	}
	if failed, ok := errors.AsType[*types.ConditionalCheckFailedException](err); ok {
		return unmet([]int{0}, []image{failed.Item})
	}
	cancelled, ok := errors.AsType[*types.TransactionCanceledException](err)
	switch {
	case ok:
		return reasons(cancelled.CancellationReasons)
	case ctx.Err() != nil:
		return ctx.Err()
	case temporary(err):
		return fmt.Errorf("%w: %s", store.ErrThrottled, describe(err))
	}
	if _, ok := errors.AsType[smithy.APIError](err); ok {
		return errors.New(describe(err))
	}
	return err
}

// reasons translates why a transaction was cancelled: one reason for each
// write. A condition that failed did so on a committed item, so it counts
// whatever the other reasons are.
func reasons(all []types.CancellationReason) error {
	var failed []int
	var items []image
	var codes []string
	pass := len(all) > 0
	for i, reason := range all {
		code := "None"
		if reason.Code != nil && *reason.Code != "" {
			code = *reason.Code
		}
		codes = append(codes, code)
		switch code {
		case "ConditionalCheckFailed":
			failed, items = append(failed, i), append(items, reason.Item)
		case "None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded":
		default:
			pass = false
		}
	}
	switch {
	case failed != nil:
		return unmet(failed, items)
	case pass:
		return fmt.Errorf("%w: transaction cancelled: %s", store.ErrThrottled, strings.Join(codes, ", "))
	}
	return fmt.Errorf("transaction cancelled: %s", strings.Join(codes, ", "))
}

// unmet is the error of conditions that failed on items, which are empty where
// there was none.
func unmet(failed []int, items []image) error {
	c := &store.ConditionError{Failed: failed, Old: make([]store.Attrs, len(items))}
	for i, raw := range items {
		if len(raw) == 0 {
			continue
		}
		item, err := readItem(raw)
		if err != nil {
			c.Old = nil // the condition has failed all the same
			break
		}
		c.Old[i] = item.Attrs
	}
	return c
}

// doubt takes the items from a condition's error if one is missing that must
// have been there, as its condition holds for an absent one: what did not give
// that one cannot be believed to give any.
func doubt(err error, ws []store.Write) error {
	c, ok := err.(*store.ConditionError)
	for i := 0; ok && i < len(c.Old); i++ {
		if n := c.Failed[i]; c.Old[i] == nil && (n >= len(ws) || ws[n].If.Holds(nil, false)) {
			c.Old = nil
		}
	}
	return err
}

// harmless reports whether a write did nothing since it met another
// transaction, or a transaction nothing since it was throttled. The SDK
// retries neither.
func harmless(err error) bool {
	if _, ok := errors.AsType[*types.TransactionConflictException](err); ok {
		return true
	}
	cancelled, ok := errors.AsType[*types.TransactionCanceledException](err)
	return ok && errors.Is(reasons(cancelled.CancellationReasons), store.ErrThrottled)
}

// retried are the errors that the SDK retries by itself.
var retried = retry.IsErrorRetryables(retry.DefaultRetryables)

// temporary reports whether an error passes. An error without an answer, or
// with half of one, does.
func temporary(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || retried.IsErrorRetryable(err).Bool() {
		return true
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		switch api.ErrorCode() {
		case "TransactionConflictException", "ReplicatedWriteConflictException", "ExpiredIteratorException":
			return true
		}
		return api.ErrorFault() == smithy.FaultServer
	}
	_, network := errors.AsType[net.Error](err)
	_, garbled := errors.AsType[*smithy.DeserializationError](err)
	return network || garbled
}

// describe says what DynamoDB said, without the values that some messages
// quote, and by which request AWS's support finds it.
func describe(err error) string {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return err.Error()
	}
	message, _, quotes := strings.Cut(api.ErrorMessage(), "Value '")
	if quotes {
		message += "…"
	}
	request := ""
	if response, ok := errors.AsType[*awshttp.ResponseError](err); ok && response.RequestID != "" {
		request = ", request " + response.RequestID
	}
	return fmt.Sprintf("%s: %s (DynamoDB%s)", api.ErrorCode(), message, request)
}

// How often what did nothing is done in all, and the longest first pause: some
// milliseconds are how long transactions take.
const (
	tries      = 6
	firstPause = 10 * time.Millisecond
)

// again repeats a write that did nothing, as harmless says. The last error is
// returned.
func again(ctx context.Context, do func() error) error {
	err := do()
	for n := 1; n < tries && harmless(err); n++ {
		if pause(ctx, n) != nil {
			break
		}
		err = do()
	}
	return err
}

// pause waits before another attempt, the nth: a random time that may be
// twice as long with every attempt, up to a second.
func pause(ctx context.Context, n int) error {
	most := min(firstPause<<min(n-1, 10), time.Second)
	timer := time.NewTimer(rand.N(most)) // #nosec G404 -- spreads attempts, guards nothing
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
