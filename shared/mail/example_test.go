package mail_test

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"deskmove/shared/mail"
	"deskmove/shared/mail/thread"
)

// Reads a file and groups its messages into threads.
func Example() {
	file := strings.NewReader(`From jane@customer.example Mon Mar  2 09:00:00 2026
From: Jane <jane@customer.example>
Date: Mon, 2 Mar 2026 10:00:00 +0100
Subject: =?utf-8?Q?Where_is_my_parcel=3F?=
Message-ID: <1@customer.example>

I ordered on Friday.

From ann@shop.example Mon Mar  2 09:30:00 2026
From: Ann <ann@shop.example>
Date: Mon, 2 Mar 2026 10:30:00 +0100
Subject: Re: Where is my parcel?
Message-ID: <2@shop.example>
In-Reply-To: <1@customer.example>

It is on its way.
`)
	var headers []mail.Header
	for m, err := range mail.Read("archive.mbox", file, time.Now()) {
		var skipped *mail.SkippedError
		switch {
		case errors.As(err, &skipped):
			fmt.Println(err) // reading continues with the next message
			continue
		case err != nil:
			fmt.Println(err)
			return
		}
		headers = append(headers, m.Header)
	}
	own := func(address string) bool { return strings.HasSuffix(address, "@shop.example") }
	threads, _ := thread.Build(headers, own)
	for _, t := range threads {
		fmt.Println(t.Subject)
		for _, item := range t.Items {
			fmt.Println(" ", headers[item.Index].From.Name, headers[item.Index].Date.Format(time.DateTime))
		}
	}
	// Output:
	// Where is my parcel?
	//   Jane 2026-03-02 09:00:00
	//   Ann 2026-03-02 09:30:00
}
