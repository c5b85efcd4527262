package sqlite

// KeepReaders takes all readers that are not kept for live traffic, and returns what frees
// them.
func (e *Engine) KeepReaders() (free func()) {
	var kept []*reader
	for range readerCount {
		kept = append(kept, <-e.readers)
	}
	return func() {
		for _, r := range kept {
			e.readers <- r
		}
	}
}
