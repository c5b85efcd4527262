// Package admission decides which requests are worked on, and when, so that nobody
// starves anybody: not one caller another, not people the channels by which
// customers write, and not many at once the whole machine.
//
// There are lanes, each with room of its own: for messages that come in, for what
// people ask, and for what anybody may ask. In a lane a request passes, in this order:
//
//	rate     of its caller, then of its account: one too many is a *desk.RateError
//	body     read into memory before anything else is held; memory that is short, or a line that is full, is a *desk.BusyError
//	line     of those who work; a full one is a *desk.BusyError at once
//	work     with a deadline; its answer is kept in memory
//	answer   written with a deadline, when nothing but its memory is held any more
//
// Files pass through a lane of their own, in pieces: there a request waits in line before
// anything of its body is read, and holds a buffer for as long as it is at work.
//
// In the line accounts take turns, and in an account its callers. A client that goes
// away leaves it. A request whose time is up is answered with 503, but it is at work
// for as long as its handler goes on: what cannot be stopped must be counted.
package admission
