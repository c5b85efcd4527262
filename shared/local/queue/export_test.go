package queue

// MaxInFlight is SQS's limit.
const MaxInFlight = maxInFlight

// LimitInFlight sets another limit, for a test that would take long.
func (q *Queue) LimitInFlight(n int) { q.inFlight, q.room = n, 0 }
