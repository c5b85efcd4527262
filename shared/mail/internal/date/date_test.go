package date_test

import (
	"testing"
	"time"

	"deskmove/shared/mail/internal/date"
)

func TestParse(t *testing.T) {
	for in, want := range map[string]string{
		"Wed, 31 Jul 1996 17:48:43 +1700 (PDT)":      "1996-08-01T00:48:43Z", // the comment knows better
		"Tue, 30 Sep 1997 18:02:51 -3100 (PDT)":      "1997-10-01T01:02:51Z",
		"Tue, 30 Sep 1997 18:02:51 -3100":            "1997-09-30T18:02:51Z",
		"Thu, 13 Mar 97 18:32:53 -0800":              "1997-03-14T02:32:53Z",
		"Thu, 13 Mar 07 18:32:53 -0800":              "2007-03-14T02:32:53Z",
		"Thu, 19 Jul 2001 21:41:5 +0800":             "2001-07-19T13:41:05Z",
		"Sat, 18 May 0102 19:56:53 -0900":            "2002-05-19T04:56:53Z",
		"Sat, 18 May 102 19:56:53 -0900":             "2002-05-19T04:56:53Z",
		"Donnerstag, 13 Juni 2002 06:03:33 0100":     "2002-06-13T05:03:33Z",
		"Wed, 18 Sep 2002 14:03:13 GMT":              "2002-09-18T14:03:13Z",
		"Tue, 5 Nov 2002 12:44 0000":                 "2002-11-05T12:44:00Z",
		"Sun, 13 Mar 2011 07:06:40 -0000":            "2011-03-13T07:06:40Z",
		"Sun, 7 Mar 2004 23:17:57 +0100 ":            "2004-03-07T22:17:57Z",
		"Thu Aug  1 00:50:24 1996":                   "1996-08-01T00:50:24Z",
		"Thu Aug  1 00:50:24 PDT 1996":               "1996-08-01T07:50:24Z",
		"Tue Mar 03 12:00:00 +0100 2020":             "2020-03-03T11:00:00Z",
		"Fri, 22 Apr 2011 02:58:37 +05:30":           "2011-04-21T21:28:37Z",
		"Fri, 22 Apr 2011 02:58:37 GMT+0530":         "2011-04-21T21:28:37Z",
		"Fri, 22 Apr 2011 02:58:37 UTC+2":            "2011-04-22T00:58:37Z",
		"Fri, 22 Apr 2011 02:58:37 CEST":             "2011-04-22T00:58:37Z",
		"Fri, 22 Apr 2011 02:58:37 XYZT":             "2011-04-22T02:58:37Z",
		"22 Apr 2011 02:58:37 PM +0000":              "2011-04-22T14:58:37Z",
		"22 Apr 2011 12:58:37AM +0000":               "2011-04-22T00:58:37Z",
		"mar., 13 juin 2002 06:03:33 +0200":          "2002-06-13T04:03:33Z",
		"vie 13 dic 2002 06:03:33 +0200":             "2002-12-13T04:03:33Z",
		"13-Jun-2002 06:03:33 +0000":                 "2002-06-13T06:03:33Z",
		"2002-06-13 06:03:33+02:00":                  "2002-06-13T04:03:33Z",
		"2002-06-13T06:03:33":                        "2002-06-13T06:03:33Z",
		"2002-06-13T06:03:33.25+02:00":               "2002-06-13T04:03:33.25Z",
		"25/12/2002 06:03:33":                        "2002-12-25T06:03:33Z",
		"12/25/2002 06:03:33":                        "2002-12-25T06:03:33Z",
		"Sat, 31 Dec 2016 23:59:60 +0000":            "2016-12-31T23:59:59Z",
		"Thu, 13 Jun 2002":                           "2002-06-13T00:00:00Z",
		"Thu, 13 Jun 2002 (a (b) c) 06:03:33 +0000 ": "2002-06-13T06:03:33Z",
	} {
		t.Run(in, func(t *testing.T) {
			got, _, err := date.Parse(in)
			if err != nil || got.Format(time.RFC3339Nano) != want {
				t.Errorf("Parse(%q) = %v, %v; want %s", in, got.Format(time.RFC3339Nano), err, want)
			}
		})
	}
}

func TestUnreadable(t *testing.T) {
	for _, in := range []string{
		"", "no date", "Thu, 31 Feb 2002 06:03:33 +0000", "Thu, 13 Jun 2002 26:03:33 +0000",
		"06/07/2002 06:03:33", // June or July: nobody can know
		"13 Jun", "12:00", "1/2", "(((", ")", "+", "13 Jun 99999 00:00:00", "2002-13-13T00:00:00", "--", ":", "a:b:c",
	} {
		if got, _, err := date.Parse(in); err == nil {
			t.Errorf("Parse(%q) = %v, want an error", in, got)
		}
	}
}

func TestNotes(t *testing.T) {
	for in, want := range map[string]int{
		"Thu, 13 Jun 2002 06:03:33 +0200":       0,
		"Thu Aug  1 00:50:24 1996":              0,
		"Thu, 13 Mar 97 18:32:53 -0800":         1,
		"Wed, 31 Jul 1996 17:48:43 +1700 (PDT)": 1,
		"Tue, 5 Nov 02 12:44 0000":              2,
		"Thu, 13 Jun 2002 06:03:33 XYZT":        1,
	} {
		if _, notes, err := date.Parse(in); err != nil || len(notes) != want {
			t.Errorf("Parse(%q) notes %q, %v; want %d notes", in, notes, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("Wed, 31 Jul 1996 17:48:43 +1700 (PDT)")
	f.Add("2002-06-13T06:03:33+02:00")
	f.Fuzz(func(t *testing.T, s string) {
		if got, _, err := date.Parse(s); err == nil && got.Location() != time.UTC {
			t.Errorf("Parse(%q) is not in UTC", s)
		}
	})
}
