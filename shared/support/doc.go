// Package support holds the daily work of a support desk: taking messages in,
// agents' edits and new tickets, the lists of conversations and tickets, and
// accounts' setups. A move disturbs none of it; package move knows nothing of
// this package, nor this package of it.
package support
