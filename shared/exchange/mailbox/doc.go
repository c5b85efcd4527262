// Package mailbox makes the exchange format of files of mail: mbox, EML and JSON Lines.
//
// Read reads them and finds out which mails belong together, and Box.Write writes a
// conversation of each thread, what it was when it was written last, and its messages. Every mail
// is accounted for in the Report: it is written, a copy of another one, or left out, and why.
// Mails and their files stay on disk meanwhile, and their headers in memory, some 2 KB each.
package mailbox
