// Package files keeps the bytes of files below the data folder, and serves the
// addresses to which they are put and from which they come. It is a support.FileBytes.
//
// A file of at most SmallSize, such as nearly every mail, is an item of the database. Any
// other is files/ACCOUNT/XX/HASH-SINCE: the account in hex, as a file system may
// confuse upper and lower case, the first two digits of the hash, the hash, and when it
// was first announced. It is written beside that, below files/new, while its hash is
// computed; then it is synced, renamed and its folder synced, so that a file that is
// there is whole. When it is read it is hashed again: of one that has been changed
// since, the last piece does not come.
//
// An address is good for one file, one use and some minutes, for as long as who asked
// for it is admitted. It is signed, and says all that is needed, so that nothing is
// remembered.
package files
