package mail_test

import "testing"

func TestDateTraps(t *testing.T) { testTraps(t, dateTraps()) }

func dateTraps() []trap {
	return []trap{
		{
			names: "date-odd-zone",
			in:    "Message-ID: <a@x>\nFrom: a@x\nDate: Wed, 31 Jul 1996 17:48:43 +1700 (PDT)\n\nhi",
			want:  map[string]string{"date": "1996-08-01T00:48:43Z", "notes": "impossible zone +1700 taken as PDT"},
		},
		{
			names: "date-two-digit-year",
			from:  "Fri Mar 14 02:33:14 1997",
			in:    "Message-ID: <a@x>\nFrom: a@x\nDate: Thu, 13 Mar 97 18:32:53 -0800\n\nhi",
			want:  map[string]string{"date": "1997-03-14T02:32:53Z", "notes": "year 97 taken as 1997"},
		},
		{
			names: "date-unparsable",
			in:    "Message-ID: <a@x>\nFrom: a@x\nDate: the other day\n\nhi",
			want:  map[string]string{"date": "1996-08-01T00:50:24Z", "notes": "no plausible Date: arrival used"},
		},
		{
			names: "date-unparsable",
			from:  "Thu Jun 13 07:17:32 2002",
			in:    "Message-ID: <a@x>\nFrom: a@x\nDate: Donnerstag, 13 Juni 2002 06:03:33 0100\n\nhi",
			want:  map[string]string{"date": "2002-06-13T05:03:33Z", "notes": "zone without a sign taken as +0100"},
		},
		{
			names: "date-future",
			from:  "Tue Jul 17 13:07:43 2001",
			in:    "Message-ID: <a@x>\nFrom: a@x\nDate: Thu, 19 Jul 2001 21:41:5 +0800\n\nhi",
			want:  map[string]string{"date": "2001-07-17T13:07:43Z", "notes": "Date is 2 days after arrival: arrival used"},
		},
		{
			names: "date-future to-come",
			in:    "Message-ID: <a@x>\nFrom: a@x\nDate: Thu, 19 Jul 2101 21:41:05 +0800\n\nhi",
			want:  map[string]string{"date": "1996-08-01T00:50:24Z", "notes": "no plausible Date: arrival used"},
		},
		{
			names: "date-year-102 date-30-days-or-more-old", // old only if the year is not seen through
			from:  "Sat May 18 10:52:58 2002",
			in:    "Message-ID: <a@x>\nFrom: a@x\nDate: Sat, 18 May 0102 19:56:53 -0900\n\nhi",
			want:  map[string]string{"date": "2002-05-19T04:56:53Z", "notes": "year 102 taken as 2002"},
		},
		{
			names: "date-30-days-or-more-old", // held for a moderator, or the mbox stamped at export
			in:    "Message-ID: <a@x>\nFrom: a@x\nDate: Sat, 1 Jun 1996 00:50:24 +0000\n\nhi",
			want:  map[string]string{"date": "1996-06-01T00:50:24Z", "notes": "Date is 61 days before arrival: kept"},
		},
		{
			names: "clock-without-battery",
			in:    "Message-ID: <a@x>\nFrom: a@x\nDate: Tue, 1 Jan 1980 00:00:07 +0000\n\nhi",
			want:  map[string]string{"date": "1996-08-01T00:50:24Z", "notes": "no plausible Date: arrival used"},
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
			want:  map[string]string{"date": "1996-08-02T00:00:00Z", "notes": "no plausible Date: arrival used"},
		},
		{
			names: "date-no-numeric-zone",
			from:  "Tue Nov  5 12:47:28 2002",
			in:    "Message-ID: <a@x>\nFrom: a@x\nDate: Tue, 5 Nov 2002 12:44 0000\n\nhi",
			want:  map[string]string{"date": "2002-11-05T12:44:00Z", "notes": "zone without a sign taken as +0000"},
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
			want:  map[string]string{"date": "0001-01-01T00:00:00Z", "notes": "no plausible date"},
		},
	}
}
