// Package desk holds the nouns of a support desk and the rules of a move
// from a shared inbox to a help desk. It uses the standard library only,
// does no I/O, and is handed the time as an argument.
//
// The rules carry the numbers under which deskmove documents them, such as
// R16; each that lives here has a test that names it. What cannot be right
// is an *InvalidError, what a rule forbids a *RefusedError or *MovedError, and
// what keeps one conversation from becoming a ticket a *ConversionError.
package desk
