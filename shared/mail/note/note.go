// Package note lists what reading a mail may repair or guess. Each has a code
// that never changes its meaning, so that it can be stored, counted and said in
// any language. A note repeats nothing of what the mail says.
package note

// Code is one kind of repair or guess, in lower case with hyphens.
type Code string

// The codes of headers, senders, IDs, labels and automatic mail.
const (
	HeaderMissing     Code = "header-missing"
	HeaderCut         Code = "header-cut"
	HeaderIndented    Code = "header-indented"
	HeaderLineJoined  Code = "header-line-joined"
	HeaderUnseparated Code = "header-unseparated"
	FromMissing       Code = "from-missing"
	FromIncomplete    Code = "from-incomplete"
	IDMissing         Code = "id-missing"
	IDSeveral         Code = "id-several"
	LabelsLong        Code = "labels-long"
	AutomaticGuessed  Code = "automatic-guessed"
)

// The codes of dates.
const (
	DateYear         Code = "date-year"
	DateZone         Code = "date-zone"
	DateTime         Code = "date-time"
	DateArrival      Code = "date-arrival"
	DateAfterArrival Code = "date-after-arrival"
	DateLate         Code = "date-late"
	DateDoubtful     Code = "date-doubtful"
	DateEarly        Code = "date-early"
	DateMissing      Code = "date-missing"
)

// The codes of texts and files.
const (
	CharsetGuessed    Code = "charset-guessed"
	CharsetDamaged    Code = "charset-damaged"
	NULRemoved        Code = "nul-removed"
	EncodingUnknown   Code = "encoding-unknown"
	Base64Damaged     Code = "base64-damaged"
	Base64Not         Code = "base64-not"
	Base64Trailing    Code = "base64-trailing"
	TypeRepaired      Code = "type-repaired"
	PartRepaired      Code = "part-repaired"
	MultipartEmpty    Code = "multipart-empty"
	MultipartBoundary Code = "multipart-boundary"
	MultipartOpen     Code = "multipart-open"
	MultipartEnd      Code = "multipart-end"
	MultipartLong     Code = "multipart-long"
	WinmailOpened     Code = "winmail-opened"
	WinmailEmpty      Code = "winmail-empty"
	WinmailClosed     Code = "winmail-closed"
)

// The codes of the file in which a mail is.
const (
	FileUTF16    Code = "file-utf-16"
	FileCut      Code = "file-cut"
	FileUnended  Code = "file-unended"
	FileUnspaced Code = "file-unspaced"
)

// sentence is what a code says of a mail.
type sentence struct {
	code Code
	says string
}

// sentences are all codes in the order of the constants.
var sentences = [...]sentence{
	{HeaderMissing, "no header was found: all of it is shown as text"},
	{HeaderCut, "it ends within its header, so that it has no text"},
	{HeaderIndented, "empty lines or blanks before its header were left out"},
	{HeaderLineJoined, "a line of its header that began without a blank was joined to the line before"},
	{HeaderUnseparated, "no empty line ends its header: the text begins at the first line that cannot be header"},
	{FromMissing, "it does not say who it is from: the sender is taken from the mbox, if it names one"},
	{FromIncomplete, "the sender's address is not complete"},
	{IDMissing, "it has no Message-ID: it is recognised by its content"},
	{IDSeveral, "it has several Message-IDs: the first one counts"},
	{LabelsLong, "it has more than 100 labels: the rest was left out"},
	{AutomaticGuessed, "no field says that a program wrote it: its subject is that of an out-of-office notice"},
	{DateYear, "the year of its date was completed"},
	{DateZone, "the time zone of its date is unknown or impossible, and was guessed"},
	{DateTime, "its date is without a time of day: midnight was taken"},
	{DateArrival, "it has no plausible date: that of its arrival was taken"},
	{DateAfterArrival, "its date is after its arrival, which was taken instead"},
	{DateLate, "it arrived more than 30 days after its date, which was kept"},
	{DateDoubtful, "its date is one that a clock shows after it lost its time: it was kept, as no other is known"},
	{DateEarly, "it is from before 1970: its date is now 1 January 1970, the earliest that can be kept"},
	{DateMissing, "no plausible date is known"},
	{CharsetGuessed, "its charset is not named, or not the one that is named: it was guessed from the letters"},
	{CharsetDamaged, "some letters do not exist in its charset, and are shown as �"},
	{NULRemoved, "NUL bytes were left out"},
	{EncodingUnknown, "its transfer encoding is not known: it was not decoded"},
	{Base64Damaged, "its base64 is damaged: what could be read was kept"},
	{Base64Not, "a text is said to be base64 but is not: it is shown as it is"},
	{Base64Trailing, "something follows the base64 of a part: it is shown in a text, and left out of a file"},
	{TypeRepaired, "a semicolon is missing in the type of a part"},
	{PartRepaired, "the header of a part was repaired"},
	{MultipartEmpty, "it should have parts, but has none: it is shown as text"},
	{MultipartBoundary, "it does not say what separates its parts: that was found in the text"},
	{MultipartOpen, "its last part is not closed: it may be incomplete"},
	{MultipartEnd, "something follows on the line that closes its parts: it was left out"},
	{MultipartLong, "it has more than 1,000 parts: the rest is one file"},
	{WinmailOpened, "its files were in a winmail.dat of Outlook, which was opened"},
	{WinmailEmpty, "no files are in its winmail.dat of Outlook, which was kept as it is"},
	{WinmailClosed, "its winmail.dat of Outlook could not be opened, or not all of it: files may be in it"},
	{FileUTF16, "its file is UTF-16, and was converted to UTF-8"},
	{FileCut, "the file ends within it"},
	{FileUnended, "it is the last of its file, whose last line has no end: make sure that the file is complete"},
	{FileUnspaced, "no empty line stands before it in the file: it was taken for a mail of its own"},
}

// Codes returns all codes.
func Codes() []Code {
	all := make([]Code, len(sentences))
	for i, s := range sentences {
		all[i] = s.code
	}
	return all
}

// Says returns what a code says of a mail, in English; for an unknown one the
// code itself.
func (c Code) Says() string {
	for _, s := range sentences {
		if s.code == c {
			return s.says
		}
	}
	return string(c)
}
