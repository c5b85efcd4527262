// Package mailcheck compares what package mail reads of real mail with what Python's
// email package does.
package mailcheck
