package mbox_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"deskmove/shared/mail/internal/mbox"
)

const (
	sep   = "From a@x.example Thu Aug  1 00:50:24 1996\n"
	limit = 1 << 20
)

// read gives every message and the error at the end.
func read(t *testing.T, r io.Reader, limit int) (all []mbox.Entry, err error) {
	t.Helper()
	for e, readErr := range mbox.Read(r, limit) {
		if readErr != nil {
			err = readErr
			continue
		}
		if err != nil {
			t.Fatalf("message %d came after the error %v", e.Number, err)
		}
		e.Raw = bytes.Clone(e.Raw)
		all = append(all, e)
	}
	return all, err
}

func TestRead(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want []string
	}{
		"two":               {sep + "A: 1\n\none\n\n" + sep + "A: 2\n\ntwo\n\n", []string{"A: 1\n\none\n", "A: 2\n\ntwo\n"}},
		"crlf":              {strings.ReplaceAll(sep+"A: 1\n\none\n\n"+sep+"A: 2\n\ntwo\n\n", "\n", "\r\n"), []string{"A: 1\r\n\r\none\r\n", "A: 2\r\n\r\ntwo\r\n"}},
		"mixed line ends":   {sep + "A: 1\r\n\none\r\n\n" + sep + "A: 2\n\r\ntwo\n\n", []string{"A: 1\r\n\none\r\n", "A: 2\n\r\ntwo\n"}},
		"empty body":        {sep + "A: 1\n\n\n" + sep + "A: 2\n\n\n", []string{"A: 1\n\n", "A: 2\n\n"}},
		"quoted From":       {sep + "A: 1\n\n>From me\n>>From you\n>Fromage\n\n", []string{"A: 1\n\nFrom me\n>From you\n>Fromage\n"}},
		"unquoted From":     {sep + "A: 1\n\nFrom the manual:\n\nFrom here to Thu Aug 1996\n\n", []string{"A: 1\n\nFrom the manual:\n\nFrom here to Thu Aug 1996\n"}},
		"dates after From":  {sep + "A: 1\n\nFrom 1 Aug 1996 12:00:00 to 5 Aug\n\nFrom Thu Aug 1 12:00:00 1996 on we are closed\n\n", []string{"A: 1\n\nFrom 1 Aug 1996 12:00:00 to 5 Aug\n\nFrom Thu Aug 1 12:00:00 1996 on we are closed\n"}},
		"long date":         {"From a@x.example Thu, 1 Aug 1996 00:50:24 +0200 (CEST)\nA: 1\n\none\n\n" + sep + "A: 2\n\ntwo\n\n", []string{"A: 1\n\none\n", "A: 2\n\ntwo\n"}},
		"date in the text":  {sep + "A: 1\n\n> He wrote:\n" + sep + "and so on\n\n", []string{"A: 1\n\n> He wrote:\n" + sep + "and so on\n"}},
		"no empty line":     {sep + "A: 1\n\none\n" + sep + "A: 2\n\ntwo\n", []string{"A: 1\n\none\n", "A: 2\n\ntwo\n"}},
		"zones":             {"From - Thu Aug 01 00:50:24 +0200 1996\nA: 1\n\none\n\nFrom 12@xxx Thu Aug 1 00:50:24 CEST 1996\nA: 2\n\ntwo\n\n", []string{"A: 1\n\none\n", "A: 2\n\ntwo\n"}},
		"no dates":          {"From a@x.example\nA: 1\n\none\n\nFrom b@x.example\nA: 2\n\ntwo\n\nFrom us\n", []string{"A: 1\n\none\n", "A: 2\n\ntwo\n\nFrom us\n"}},
		"one undated later": {sep + "A: 1\n\none\n\nFrom b@x.example\nA: 2\n\ntwo\n\n", []string{"A: 1\n\none\n\nFrom b@x.example\nA: 2\n\ntwo\n"}},
		"bare From, close":  {"From - \nA: 1\n\none\nFrom - \nDate: 2\n\ntwo\n" + sep + "X-A: 3\n\nthree\nFrom -\r\nX-A: 4\n\nfour\n", []string{"A: 1\n\none\n", "Date: 2\n\ntwo\n", "X-A: 3\n\nthree\n", "X-A: 4\n\nfour\n"}},
		"bare From in text": {"From - \nA: 1\n\none\nFrom -\nOslo: 12:00\nFrom - here\nTo: there\n\n", []string{"A: 1\n\none\nFrom -\nOslo: 12:00\nFrom - here\nTo: there\n"}},
		"length":            {sep + "Content-Length: 4\n\none\nFrom b@x\nA: 2\ncontent-LENGTH:3\n\ntwo\nFrom c@x\nA: 3\n\nthree\n", []string{"Content-Length: 4\n\none\n", "A: 2\ncontent-LENGTH:3\n\ntwo\n", "A: 3\n\nthree\n"}},
		"wrong length":      {sep + "Content-Length: 1\n\none\nFrom b@x\nA: 2\n\n" + sep + "Content-Length: 99999\n\ntwo\n\n" + sep + "A: 3\n\nthree\n\n", []string{"Content-Length: 1\n\none\nFrom b@x\nA: 2\n", "Content-Length: 99999\n\ntwo\n", "A: 3\n\nthree\n"}},
		"length in text":    {sep + "A: 1\n\nContent-Length: 0\n\nFrom b@x\nA: 2\n\n", []string{"A: 1\n\nContent-Length: 0\n\nFrom b@x\nA: 2\n"}},
		"leading lines":     {"\ufeff\n\n" + sep + "A: 1\n\none\n\n", []string{"A: 1\n\none\n"}},
		"malformed header":  {sep + "A: 1\n\none\n\n" + sep + "(no header)\n\ntwo\n\n", []string{"A: 1\n\none\n", "(no header)\n\ntwo\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			for reader, in := range map[string]io.Reader{"whole": strings.NewReader(c.in), "by byte": iotest.OneByteReader(strings.NewReader(c.in))} {
				all, err := read(t, in, limit)
				var got []string
				for _, e := range all {
					got = append(got, string(e.Raw))
					if e.Cut != nil {
						t.Errorf("%s: message %d is said to be cut: %v", reader, e.Number, e.Cut)
					}
				}
				if err != nil || fmt.Sprintf("%q", got) != fmt.Sprintf("%q", c.want) {
					t.Errorf("%s: Read gives %q, %v; want %q", reader, got, err, c.want)
				}
			}
		})
	}
}

func TestOffsetAndArrival(t *testing.T) {
	all, _ := read(t, strings.NewReader("\n"+sep+"A: 1\n\none\n\n"+sep+"A: 2\n\ntwo\n\n"), limit)
	if len(all) != 2 || all[0].Offset != 1 || all[1].Offset != int64(1+len(sep)+len("A: 1\n\none\n\n")) || all[1].Number != 2 {
		t.Fatalf("Read gives %+v", all)
	}
	if got := all[0].Arrival.Format("2006-01-02T15:04:05Z07:00"); got != "1996-08-01T00:50:24Z" || all[0].Sender != "a@x.example" {
		t.Errorf("arrival %s from %q", got, all[0].Sender)
	}
}

func TestLongLineAcrossTheBuffer(t *testing.T) {
	body := "A: 1\n\n" + strings.Repeat("x", 300_000) + "From a\n"
	// A separator just where the buffer ends must be seen, and the look ahead
	// after it must not damage it.
	for pad := 65_400; pad < 65_700; pad++ {
		first := "A: 1\n\n" + strings.Repeat("x", pad) + "\n"
		all, err := read(t, strings.NewReader(sep+first+sep+body+"\n"), limit)
		if err != nil || len(all) != 2 || string(all[0].Raw) != first || string(all[1].Raw) != body {
			t.Fatalf("pad %d: %d messages, %v", pad, len(all), err)
		}
	}
}

func TestTooLong(t *testing.T) {
	all, err := read(t, strings.NewReader(sep+"A: 1\n\n"+strings.Repeat("x\n", 100)+"\n"+sep+"A: 2\n\ntwo\n\n"), 100)
	if err != nil || len(all) != 2 || all[0].Raw != nil || all[0].Size != 207 || string(all[1].Raw) != "A: 2\n\ntwo\n" {
		t.Errorf("Read gives %+v, %v", all, err)
	}
	exact := "A: 1\n\n" + strings.Repeat("x", 93) + "\n"
	if all, _ := read(t, strings.NewReader(sep+exact+"\n"), 100); string(all[0].Raw) != exact {
		t.Errorf("a message of just the limit is left out")
	}
}

func TestCut(t *testing.T) {
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		in  io.Reader
		cut error
		err error
	}{
		"too short":     {strings.NewReader(sep + "Content-Length: 4\n\none"), io.ErrUnexpectedEOF, nil},
		"in the header": {strings.NewReader(sep + "A: 1\nB: 2\n"), io.ErrUnexpectedEOF, nil},
		"after From":    {strings.NewReader(sep), io.ErrUnexpectedEOF, nil},
		"reader fails":  {io.MultiReader(strings.NewReader(sep+"A: 1\n\none\n"), iotest.ErrReader(broken)), broken, broken},
	} {
		t.Run(name, func(t *testing.T) {
			all, err := read(t, c.in, limit)
			if len(all) != 1 || !errors.Is(all[0].Cut, c.cut) || !errors.Is(err, c.err) {
				t.Errorf("Read gives %+v, %v; want cut %v, error %v", all, err, c.cut, c.err)
			}
		})
	}
}

func TestUnended(t *testing.T) {
	for in, want := range map[string]bool{
		sep + "A: 1\n\none": true, sep + "Content-Length: 3\n\none": true, sep + "A: 1\n\none\n": false, sep + "A: 1\n\none\n\n": false,
		sep + "A: 1\n\n" + strings.Repeat("x", 65536-len(sep)-len("A: 1\n\n")): true,
	} {
		all, err := read(t, strings.NewReader(in), limit)
		if len(all) != 1 || all[0].Cut != nil || all[0].Unended != want || err != nil {
			t.Errorf("Read(%.60q) gives cut %v, unended %v, %v", in, all[0].Cut, all[0].Unended, err)
		}
	}
}

func TestUnspaced(t *testing.T) {
	all, _ := read(t, strings.NewReader(sep+"A: 1\n\none\n"+sep+"A: 2\n\ntwo\n\n"+sep+"A: 3\n\nthree\n"), limit)
	if len(all) != 3 || all[0].Unspaced || !all[1].Unspaced || all[2].Unspaced {
		t.Errorf("Read gives %+v", all)
	}
}

func TestNotMbox(t *testing.T) {
	for _, in := range []string{"", "Subject: x\n\nhello\n", "\x1f\x8b", "From the start it was\nclear that\n"} {
		if all, err := read(t, strings.NewReader(in), limit); !errors.Is(err, mbox.ErrNotMbox) || len(all) != 0 {
			t.Errorf("Read(%q) gives %d messages, %v; want ErrNotMbox", in, len(all), err)
		}
	}
}

// What is read and quoted again is the file.
func FuzzRead(f *testing.F) {
	f.Add([]byte(sep + "A: 1\n\n>From x\none\n\n" + sep + "A: 2\r\n\r\ntwo\r\n\r\n"))
	f.Add([]byte("From a\nA: 1\n\none\n\nFrom b\nB: 2\n"))
	f.Add([]byte("\n\n" + sep + sep))
	f.Fuzz(func(t *testing.T, in []byte) {
		const limit = 512
		var sum, last int64 = 0, -1
		for e, err := range mbox.Read(bytes.NewReader(in), limit) {
			if err != nil {
				if err != mbox.ErrNotMbox {
					t.Errorf("error %v", err)
				}
				return
			}
			if len(e.Raw) > limit || int64(len(e.Raw)) > e.Size {
				t.Errorf("message of %d bytes, size %d, limit %d", len(e.Raw), e.Size, limit)
			}
			if e.Offset <= last {
				t.Errorf("offset %d after %d", e.Offset, last)
			}
			if !bytes.HasPrefix(bytes.TrimPrefix(in[e.Offset:], []byte("\ufeff")), []byte("From ")) {
				t.Errorf("no separator at offset %d", e.Offset)
			}
			line, _, _ := bytes.Cut(in[e.Offset:], []byte("\n"))
			if last >= 0 && e.Offset != last+sum {
				t.Errorf("message %d begins at %d, the one before ended at %d", e.Number, e.Offset, last+sum)
			}
			last, sum = e.Offset, min(int64(len(line)+1), int64(len(in))-e.Offset)+e.Size
		}
		if last >= 0 && last+sum != int64(len(in)) {
			t.Errorf("%d bytes read of %d", last+sum, len(in))
		}
	})
}
