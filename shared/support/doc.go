// Package support holds the daily work of a support desk: taking messages in,
// agents' edits and new tickets, the lists of conversations and tickets, and
// accounts' setups. It knows of moves what they leave behind: the homes of
// channels and conversations, and the rules by which a reply changes the ticket of
// one that has landed. Package move knows nothing of this package.
package support
