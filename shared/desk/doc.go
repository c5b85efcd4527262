// Package desk holds the nouns of a support desk and the rules of a move
// from a shared inbox to a help desk. It uses the standard library only,
// does no I/O, and is handed the time as an argument.
//
// The rules carry the numbers R1 to R22 under which deskmove documents
// them; each has a test that names it.
package desk
