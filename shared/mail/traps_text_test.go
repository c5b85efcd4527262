package mail_test

import (
	"encoding/base64"
	"strings"
	"testing"
)

func TestTextTraps(t *testing.T) { testTraps(t, textTraps()) }
func TestPartTraps(t *testing.T) { testTraps(t, partTraps()) }

const plain = "Message-ID: <m@x>\nFrom: a@x\nDate: Wed, 31 Jul 1996 23:59:59 +0000\nMIME-Version: 1.0\n"

// charsetTrap is a mail in that charset.
func charsetTrap(label, in, want, notes string) trap {
	return trap{
		names: "charset-" + strings.ToLower(label),
		in:    plain + "Content-Type: text/plain; charset=\"" + label + "\"\nContent-Transfer-Encoding: 8bit\n\n" + in,
		want:  map[string]string{"text": want, "notes": notes},
	}
}

func textTraps() []trap {
	return []trap{
		charsetTrap("US-ASCII", "plain", "plain", ""),
		charsetTrap("ansi_x3.4-1968", "plain", "plain", ""),
		charsetTrap("utf-8", "Grüße", "Grüße", ""),
		charsetTrap("iso-8859-1", "Gr\xfc\xdfe", "Grüße", ""),
		charsetTrap("windows-1252", "\x93Gr\xfc\xdfe\x94", "“Grüße”", ""),
		charsetTrap("windows-1251", "\xef\xf0\xe8\xe2\xe5\xf2", "привет", ""),
		charsetTrap("windows-1255", "\xfa\xe5\xe3\xe4", "תודה", ""),
		charsetTrap("koi8-r", "\xd0\xd2\xc9\xd7\xc5\xd4", "привет", ""),
		charsetTrap("GB2312", "\xc4\xe3\xba\xc3", "你好", ""),
		charsetTrap("big5", "\xa7A\xa6n", "你好", ""),
		charsetTrap("euc-kr", "\xbe\xc8\xb3\xe7", "안녕", ""),
		charsetTrap("ISO-2022-JP", "\x1b$B$3$s\x1b(B", "こん", ""),
		charsetTrap("utf-7", "1 +- 1 +AD4- 0", "1 + 1 > 0", ""),
		charsetTrap("unknown-8bit", "Gr\xfc\xdfe", "Grüße", "charset-guessed"),
		{
			names: "charset-undecodable",
			in:    plain + "Content-Type: text/plain; charset=us-ascii\n\nau\xdfer ein bi\xdfchen Zeit",
			want:  map[string]string{"text": "außer ein bißchen Zeit", "notes": "charset-guessed"},
		},
		{
			names: "charset-undecodable charset-utf-7",
			in:    plain + "Content-Type: text/plain; charset=utf-7\n\n+AD4- 在 2015",
			want:  map[string]string{"text": "> 在 2015", "notes": "charset-guessed"},
		},
		{
			names: "charset-unknown-label",
			in:    plain + "Content-Type: text/plain; charset=x-no-such\n\nGrüße",
			want:  map[string]string{"text": "Grüße", "notes": "charset-guessed"},
		},
		{
			names: "8bit-no-charset",
			in:    plain + "\nGr\xfc\xdfe",
			want:  map[string]string{"text": "Grüße", "notes": "charset-guessed"},
		},
		{
			names: "NUL-byte",
			in:    plain + "\na\x00\x00b",
			want:  map[string]string{"text": "ab", "notes": "nul-removed"},
		},
		{
			names: "body-From-line",
			in:    plain + "\n>From here on\n>>From there\nFrom hand to mouth",
			want:  map[string]string{"text": "From here on\n>From there\nFrom hand to mouth", "notes": ""},
		},
		{
			names: "line-over-998 over-200-kB",
			in:    plain + "\n" + strings.Repeat("long ", 60_000) + "end",
			want:  map[string]string{"text": strings.Repeat("long ", 60_000) + "end", "notes": ""},
		},
		{names: "empty-body", in: plain + "\n", want: map[string]string{"text": "", "notes": ""}},
		{names: "crlf-mixed", in: plain + "\none\r\ntwo\nthree\r\n", want: map[string]string{"text": "one\ntwo\nthree"}},
		{names: "bare-CR", in: plain + "\none\rtwo", want: map[string]string{"text": "one\ntwo"}},
		{
			names: "base64-text",
			in:    plain + "Content-Transfer-Encoding: base64\nContent-Type: text/plain; charset=utf-8\n\nR3LDvMOfZQ==",
			want:  map[string]string{"text": "Grüße", "notes": ""},
		},
		{
			names: "qp-text",
			in:    plain + "Content-Transfer-Encoding: quoted-printable\nContent-Type: text/plain; charset=iso-8859-1\n\nGr=FC=DF=\ne",
			want:  map[string]string{"text": "Grüße", "notes": ""},
		},
		{
			names: "header-twice-content-transfer-encoding header-twice-mime-version",
			in:    plain + "Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: 7bit\nMIME-Version: 1.0\n\nhi",
			want:  map[string]string{"text": "hi", "notes": ""},
		},
		{
			names: "html-only type-text/html",
			in:    plain + "Content-Type: text/html; charset=windows-1252\n\n<html><body><p>Gr\xfc\xdfe,<br>Ann</body></html>",
			want:  map[string]string{"text": "Grüße,\nAnn", "html": "<html><body><p>Grüße,<br>Ann</body></html>", "notes": ""},
		},
	}
}

// winmail is a winmail.dat with one file, in base64.
func winmail(name, data string) string {
	b := "\x78\x9f\x3e\x22\x01\x00"
	for _, a := range []struct{ id, value string }{{"\x02\x02\x90\x06\x00", ""}, {"\x02\x10\x80\x01\x00", name + "\x00"}, {"\x02\x0f\x80\x06\x00", data}} {
		b += a.id + string([]byte{byte(len(a.value)), 0, 0, 0}) + a.value + "\x00\x00"
	}
	return base64.StdEncoding.EncodeToString([]byte(b))
}

func partTraps() []trap {
	const mixed = plain + "Content-Type: multipart/mixed; boundary=\"b=?\"\n\n"
	const file = "Content-Disposition: attachment; filename="
	return []trap{
		{
			names: "attachment attachments-3-or-more type-multipart/mixed type-text/x-patch type-application/gzip type-aplication/octet-stream type-image/jpeg",
			in: mixed + "--b=?\n\nhi\n--b=?\nContent-Type: text/x-patch\n" + file + "a.patch\n\n+a\n" +
				"--b=?\nContent-Type: application/gzip\nContent-Transfer-Encoding: base64\n" + file + "\"b.gz\"\n\nH4sI\n" +
				"--b=?\nContent-Type: image/jpeg\n\nJPEG\n" +
				"--b=?\nContent-Type: aplication/octet-stream; name=c\n\n1\n--b=?--\n",
			want: map[string]string{"text": "hi", "files": "a.patch text/x-patch 2, b.gz application/gzip 3, attachment.jpg image/jpeg 4, c aplication/octet-stream 1", "notes": ""},
		},
		{
			names: "type-application/ms-tnef",
			in:    mixed + "--b=?\n\nhi\n--b=?\nContent-Type: application/ms-tnef\nContent-Transfer-Encoding: base64\n" + file + "\"winmail.dat\"\n\neJ8+Ig==\n--b=?--\n",
			want:  map[string]string{"text": "hi", "files": "winmail.dat application/ms-tnef 4", "notes": "winmail-closed"},
		},
		{
			names: "winmail-with-a-file",
			in: mixed + "--b=?\n\nhi\n--b=?\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n" + file + "\"winmail.dat\"\n\n" +
				winmail("a.pdf", "%PDF") + "\n--b=?--\n",
			want: map[string]string{"text": "hi", "files": "a.pdf application/octet-stream 4", "notes": "winmail-opened"},
		},
		{
			names: "winmail-without-files",
			in: mixed + "--b=?\n\nhi\n--b=?\nContent-Type: application/ms-tnef\nContent-Transfer-Encoding: base64\n" + file + "\"winmail.dat\"\n\n" +
				base64.StdEncoding.EncodeToString([]byte("\x78\x9f\x3e\x22\x01\x00")) + "\n--b=?--\n",
			want: map[string]string{"text": "hi", "files": "winmail.dat application/ms-tnef 6", "notes": "winmail-empty"},
		},
		{
			names: "encoded-filename",
			in:    mixed + "--b=?\n\nhi\n--b=?\nContent-Type: text/plain\n" + file + "\"=?utf-8?Q?Gr=C3=BC=C3=9Fe.txt?=\"\n\nx\n--b=?--\n",
			want:  map[string]string{"files": "Grüße.txt text/plain 1", "notes": ""},
		},
		{
			names: "rfc2231-filename",
			in:    mixed + "--b=?\n\nhi\n--b=?\nContent-Type: text/plain\nContent-Disposition: inline;\n filename*0*=utf-8''Gr%C3%BC;\n filename*1*=%C3%9Fe.txt\n\nx\n--b=?--\n",
			want:  map[string]string{"files": "Grüße.txt text/plain 1", "notes": ""},
		},
		{
			names: "defect-CloseBoundaryNotFoundDefect",
			in:    mixed + "--b=?\nContent-Transfer-Encoding: base64\n\naGVs\nbG8=\n",
			want:  map[string]string{"text": "hello", "notes": "multipart-open"},
		},
		{
			names: "defect-NoBoundaryInMultipartDefect defect-MultipartInvariantViolationDefect",
			in:    plain + "Content-Type: multipart/mixed;\n\nboundary=\"----1\"\n\nfor old programs\n------1\nContent-Type: text/plain\n\nScan attached.\n------1\nContent-Type: application/octet-stream;\nname=\"scan.bin\"\nContent-Transfer-Encoding: base64\n\naGk=\n------1--\n",
			want:  map[string]string{"text": "Scan attached.", "files": "scan.bin application/octet-stream 2", "notes": "multipart-boundary part-repaired"},
		},
		{
			names: "type-multipart/related type-text/html",
			in:    plain + "Content-Type: multipart/related;boundary=\"b:0==\"\n\nold programs\n--b:0==\nContent-Type:text/html;charset=ISO-8859-1\n\n<p>hi</p>\n\r<p>you</p>\n--b:0==\nContent-Type: image/gif\nContent-ID: <i@x>\n\nGIF\n--b:0==--\n",
			want:  map[string]string{"text": "hi\n\nyou", "files": "attachment.gif image/gif 3", "notes": ""},
		},
		{
			names: "nested-multipart type-multipart/signed type-application/pgp-signature",
			in:    plain + "Content-Type: multipart/signed; boundary=s\n\n--s\nContent-Type: multipart/mixed; boundary=m\n\n--m\n\nhi\n--m\nContent-Type: application/gzip; name=\".config.gz\"\n\nx\n--m--\n\n--s\nContent-Type: application/pgp-signature; name=\"signature.asc\"\n\nSIG\n--s--\n",
			want:  map[string]string{"text": "hi", "files": ".config.gz application/gzip 1, signature.asc application/pgp-signature 3", "notes": ""},
		},
		{
			names: "bounce nested-multipart nested-multipart-3 type-multipart/report type-message/delivery-status type-message/rfc822 type-multipart/alternative",
			in:    plain + "Content-Type: multipart/report; report-type=delivery-status; boundary=r\n\n--r\nContent-type: text/plain\n\nUser unknown\n--r\ncontent-type: message/delivery-status\n\nAction: failed\n--r\nContent-type: message/rfc822\n\nSubject: An offer\nContent-Type: multipart/alternative; boundary=a\n\n--a\n\nbuy\n--a--\n\n--r--\n",
			want:  map[string]string{"text": "User unknown", "files": "attachment.txt message/delivery-status 14, An offer.eml message/rfc822 82", "notes": ""},
		},
		{
			names: "type-multipart/alternative",
			in:    plain + "Content-Type: multipart/alternative; boundary=a\n\n--a\n\nplain\n--a\nContent-Type: text/html\n\n<b>rich</b>\n--a--\n",
			want:  map[string]string{"text": "plain", "html": "<b>rich</b>", "files": "", "notes": ""},
		},
	}
}
