package desk

// Idempotency is the caller's key of a request, and what the request was.
type Idempotency struct {
	Key  string // "" if the caller gave none
	Hash string // of the request's body
}
