package mail_test

import "testing"

func TestDateTraps(t *testing.T) { testTraps(t, dateTraps()) }

func dateTraps() []trap {
	return []trap{
		{
			names: "date-odd-zone",
			in:    "Message-ID: <a@x>\nFrom: a@x\nDate: Wed, 31 Jul 1996 17:48:43 +1700 (PDT)\n\nhi",
			want:  map[string]string{"date": "1996-08-01T00:48:43Z", "notes": "date-zone"},
		},
		{
			names: "date-two-digit-year",
			from:  "Fri Mar 14 02:33:14 1997",
			in:    "Message-ID: <a@x>\nFrom: a@x\nDate: Thu, 13 Mar 97 18:32:53 -0800\n\nhi",
			want:  map[string]string{"date": "1997-03-14T02:32:53Z", "notes": "date-year"},
		},
		{
			names: "date-unparsable",
			in:    "Message-ID: <a@x>\nFrom: a@x\nDate: the other day\n\nhi",
			want:  map[string]string{"date": "1996-08-01T00:50:24Z", "notes": "date-arrival"},
		},
		{
			names: "date-unparsable",
			from:  "Thu Jun 13 07:17:32 2002",
			in:    "Message-ID: <a@x>\nFrom: a@x\nDate: Donnerstag, 13 Juni 2002 06:03:33 0100\n\nhi",
			want:  map[string]string{"date": "2002-06-13T05:03:33Z", "notes": "date-zone"},
		},
		{
			names: "date-future",
			from:  "Tue Jul 17 13:07:43 2001",
			in:    "Message-ID: <a@x>\nFrom: a@x\nDate: Thu, 19 Jul 2001 21:41:5 +0800\n\nhi",
			want:  map[string]string{"date": "2001-07-17T13:07:43Z", "notes": "date-after-arrival"},
		},
		{
			names: "date-future to-come",
			in:    "Message-ID: <a@x>\nFrom: a@x\nDate: Thu, 19 Jul 2101 21:41:05 +0800\n\nhi",
			want:  map[string]string{"date": "1996-08-01T00:50:24Z", "notes": "date-arrival"},
		},
		{
			names: "date-year-102 date-30-days-or-more-old", // old only if the year is not seen through
			from:  "Sat May 18 10:52:58 2002",
			in:    "Message-ID: <a@x>\nFrom: a@x\nDate: Sat, 18 May 0102 19:56:53 -0900\n\nhi",
			want:  map[string]string{"date": "2002-05-19T04:56:53Z", "notes": "date-year"},
		},
		{
			names: "date-30-days-or-more-old", // held for a moderator, or the mbox stamped at export
			in:    "Message-ID: <a@x>\nFrom: a@x\nDate: Sat, 1 Jun 1996 00:50:24 +0000\n\nhi",
			want:  map[string]string{"date": "1996-06-01T00:50:24Z", "notes": "date-late"},
		},
		{
			names: "clock-without-battery",
			in:    "Message-ID: <a@x>\nFrom: a@x\nDate: Tue, 1 Jan 1980 00:00:07 +0000\n\nhi",
			want:  map[string]string{"date": "1996-08-01T00:50:24Z", "notes": "date-arrival"},
		},
		{
			names: "date-1969 arrival-known",
			from:  "Thu Jan  2 00:00:00 2025", // the day of the export
			in:    "Message-ID: <a@x>\nFrom: a@x\nDate: Fri, 14 Feb 1969 08:00:00 +0000\n\nhi",
			want:  map[string]string{"date": "1970-01-01T00:00:00Z", "notes": "date-late date-early"},
		},
		{
			names: "date-1983 arrival-known",
			from:  "Thu Jan  2 00:00:00 2025",
			in:    "Message-ID: <a@x>\nFrom: a@x\nDate: Tue, 1 Mar 83 08:00:00 +0000\n\nhi",
			want:  map[string]string{"date": "1983-03-01T08:00:00Z", "notes": "date-year date-late"},
		},
		{
			names: "date-1983",
			from:  "Thu Jan  1 00:00:00 1970",
			in:    "Message-ID: <a@x>\nFrom: a@x\nDate: Tue, 1 Mar 1983 08:00:00 +0000\n\nhi",
			want:  map[string]string{"date": "1983-03-01T08:00:00Z", "notes": ""},
		},
		{
			names: "clock-without-battery no-arrival",
			from:  "Thu Jan  1 00:00:00 1970",
			in:    "Message-ID: <a@x>\nFrom: a@x\nDate: Wed, 2 Jan 1980 00:00:00 +0000\n\nhi",
			want:  map[string]string{"date": "1980-01-02T00:00:00Z", "notes": "date-doubtful"},
		},
		{
			names: "clock-without-battery west-of-Greenwich",
			in:    "Message-ID: <a@x>\nFrom: a@x\nDate: Wed, 31 Dec 1969 19:00:00 -0500\n\nhi",
			want:  map[string]string{"date": "1996-08-01T00:50:24Z", "notes": "date-arrival"},
		},
		{
			names: "date-1904 no-arrival",
			from:  "Thu Jan  1 00:00:00 1970",
			in:    "Message-ID: <a@x>\nFrom: a@x\nDate: Fri, 1 Jan 1904 00:00:00 +0000\n\nhi",
			want:  map[string]string{"date": "1970-01-01T00:00:00Z", "notes": "date-doubtful date-early"},
		},
		{
			names: "arrival-1970", // Thunderbird writes such lines; they must not beat the Date
			from:  "Thu Jan  1 00:00:00 1970",
			in:    "Message-ID: <a@x>\nFrom: a@x\nDate: Sat, 1 Jun 1996 00:50:24 +0000\n\nhi",
			want:  map[string]string{"date": "1996-06-01T00:50:24Z", "notes": ""},
		},
		{
			names: "received", // what the receiver wrote is better than the mbox
			in:    "Message-ID: <a@x>\nReceived: from a by b; Fri, 2 Aug 1996 00:00:00 +0000\nReceived: from c by a; Thu, 1 Aug 1996 00:00:00 +0000\nFrom: a@x\n\nhi",
			want:  map[string]string{"date": "1996-08-02T00:00:00Z", "notes": "date-arrival"},
		},
		{
			names: "date-no-numeric-zone",
			from:  "Tue Nov  5 12:47:28 2002",
			in:    "Message-ID: <a@x>\nFrom: a@x\nDate: Tue, 5 Nov 2002 12:44 0000\n\nhi",
			want:  map[string]string{"date": "2002-11-05T12:44:00Z", "notes": "date-zone"},
		},
		{
			names: "date-no-numeric-zone",
			from:  "Wed Sep 18 13:05:47 2002",
			in:    "Message-ID: <a@x>\nFrom: a@x\nDate: Wed, 18 Sep 2002 14:03:13 GMT\n\nhi",
			want:  map[string]string{"date": "2002-09-18T14:03:13Z", "notes": ""},
		},
		{
			names: "date-zone-minus-0000",
			in:    "Message-ID: <a@x>\nFrom: a@x\nDate: Wed, 31 Jul 1996 23:59:59 -0000\n\nhi",
			want:  map[string]string{"date": "1996-07-31T23:59:59Z", "notes": ""},
		},
		{
			names: "header-twice-date",
			in:    "Message-ID: <a@x>\nFrom: a@x\nDate: nonsense\nDate: Wed, 31 Jul 1996 23:59:59 +0000\n\nhi",
			want:  map[string]string{"date": "1996-07-31T23:59:59Z", "notes": ""},
		},
		{
			names: "no-date-at-all",
			from:  "Thu Jan  1 00:00:00 1970",
			in:    "Message-ID: <a@x>\nFrom: a@x\n\nhi",
			want:  map[string]string{"date": "0001-01-01T00:00:00Z", "notes": "date-missing"},
		},
	}
}
