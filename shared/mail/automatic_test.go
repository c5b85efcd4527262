package mail_test

import "testing"

// What a program wrote is told from what a person wrote.
func TestAutomatic(t *testing.T) {
	const person = "From: Jane <jane@x.example>\nSubject: Question: Out of Office AutoReply\n"
	var traps []trap
	for header, want := range map[string]string{
		"":                                "",
		"Auto-Submitted: no\n":            "",
		"Auto-Submitted: NO (a person)\n": "",
		"Auto-Submitted: auto-replied\n":  "auto-replied",
		"Auto-Submitted: Auto-Replied (vacation); owner-email=x\n": "auto-replied",
		"Auto-Submitted: auto-replied;x=y\n":                       "auto-replied",
		"Auto-Submitted: auto-generated\n":                         "auto-generated",
		"Auto-Submitted: auto-notified\n":                          "auto-generated",
		"Auto-Submitted: true\n":                                   "auto-generated",

		"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n":                                   "bounce",
		"Content-Type: multipart/report; report-type=\"Delivery-Status\"; boundary=b\nAuto-Submitted: auto-replied\n": "bounce",
		"Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n":                          "receipt",
		"Content-Type: multipart/report; report-type=feedback-report; boundary=b\n":                                   "auto-generated",
		"Content-Type: multipart/mixed; report-type=delivery-status; boundary=b\n":                                    "",

		"X-Autoreply: yes\n":           "auto-replied",
		"X-Autoreply: no\n":            "",
		"X-Autorespond: Re: Printer\n": "auto-replied",
		"Precedence: auto_reply\n":     "auto-replied",
		"Precedence: bulk\n":           "bulk",
		"Precedence: Junk\n":           "bulk",
		"Precedence: bulk\nList-Unsubscribe: <mailto:x@x>\nList-Id: <news.x.example>\n": "bulk",
		"Precedence: bulk\nList-Post: NO (announcements)\n":                             "bulk",
		"Precedence: first-class\n":                                                     "",

		// People write to lists.
		"Precedence: list\n": "",
		"Precedence: list\nList-Id: <support.x.example>\nList-Post: <mailto:support@x.example>\n": "",
		"Precedence: bulk\nList-Post: <mailto:support@x.example>\n":                               "",
		"Precedence: bulk\nX-Mailing-List: support@x.example\n":                                   "",
		"Precedence: bulk\nMailing-List: contact support-help@x.example; run by ezmlm\n":          "",
		"Precedence: bulk\nSender: owner-support@x.example\n":                                     "",
		"Precedence: bulk\nSender: news@x.example\n":                                              "bulk",
		"Precedence: bulk\nX-BeenThere: support@x.example\n":                                      "",
		"Precedence: list\nList-Post: <mailto:a@x.example>\nAuto-Submitted: auto-replied\n":       "auto-replied",

		// These say something else.
		"X-Auto-Response-Suppress: All\n":                        "",
		"X-Auto-Response-Suppress: DR, OOF, AutoReply\n":         "",
		"Feedback-ID: 1:2:3:x\n":                                 "",
		"X-Loop: jane@x.example\n":                               "",
		"Delivered-To: a@x.example\nDelivered-To: a@x.example\n": "",

		"Return-Path: <>\n":                               "no-return-path",
		"Return-Path: <jane@x.example>\n":                 "",
		"Return-Path: <>\nAuto-Submitted: auto-replied\n": "auto-replied",
		"Return-Path: <>\nPrecedence: bulk\n":             "bulk",
	} {
		traps = append(traps, trap{names: header, in: header + person + "\nhi", want: map[string]string{"automatic": want}})
	}
	for header, want := range map[string]string{
		"From: Mail Delivery System <Mailer-Daemon@mx.example>\n":                          "bounce",
		"From: MAILER-DAEMON\n":                                                            "bounce",
		"From: MAILER-DAEMON@mx.example\nAuto-Submitted: auto-replied\n":                   "bounce",
		"From: Postmaster <postmaster@mx.example>\nReturn-Path: <>\n":                      "bounce",
		"From: Postmaster <postmaster@mx.example>\nReturn-Path: <postmaster@mx.example>\n": "",
		"From: Postmaster <postmaster@mx.example>\n":                                       "",
		"Subject: without From\n":                                                          "",
		"From: MAILER-DAEMON's friend <jane@x.example>\n":                                  "",
	} {
		traps = append(traps, trap{names: header, in: header + "\nhi", want: map[string]string{"automatic": want}})
	}
	for subject, want := range map[string][3]string{ // alone, as an answer, and with answers suppressed
		"Automatic reply: Invoice":                  {"", "auto-replied", "auto-replied"},
		"Out of Office: Invoice":                    {"", "auto-replied", "auto-replied"},
		"Auto-Reply: Re: Invoice":                   {"", "auto-replied", "auto-replied"},
		"Automatisk svar: Faktura":                  {"", "auto-replied", "auto-replied"},
		"AUTOSVAR: Faktura":                         {"", "auto-replied", "auto-replied"},
		"Automatiskt svar: Faktura":                 {"", "auto-replied", "auto-replied"},
		"Automatische Antwort: Rechnung":            {"", "auto-replied", "auto-replied"},
		"Abwesenheitsnotiz: Rechnung":               {"", "auto-replied", "auto-replied"},
		"=?utf-8?q?R=C3=A9ponse_automatique_:_x?=":  {"", "auto-replied", "auto-replied"},
		"=?utf-8?q?Respuesta_autom=C3=A1tica:_x?=":  {"", "auto-replied", "auto-replied"},
		"Automatisch antwoord: Factuur":             {"", "auto-replied", "auto-replied"},
		"=?utf-8?q?Resposta_autom=C3=A1tica:_x?=":   {"", "auto-replied", "auto-replied"},
		"Out of Office AutoReply: Invoice":          {"auto-replied", "auto-replied", "auto-replied"},
		"Out of office autoreply: does not work":    {"", "", ""},
		"Re: Automatic reply: Invoice":              {"", "", ""},
		"SV: Automatisk svar: Faktura":              {"", "", ""},
		"Re: Out of Office AutoReply: Invoice":      {"", "", ""},
		"Automatic reply":                           {"", "", ""},
		"Out of Office AutoReply":                   {"", "", ""},
		"Automatic reply:":                          {"", "", ""},
		"My automatic reply: it does not go away":   {"", "", ""},
		"Auto: Bremsen":                             {"", "", ""},
		"Question about out of office: when, where": {"", "", ""},
	} {
		for i, header := range []string{"", "In-Reply-To: <a@desk.example>\n", "X-Auto-Response-Suppress: All\n"} {
			notes := map[string]string{"": "", "auto-replied": "automatic-guessed"}[want[i]]
			in := header + "From: jane@x.example\nMessage-ID: <m@x.example>\nDate: Thu, 1 Aug 1996 00:50:24 +0000\nSubject: " + subject + "\n\nhi"
			traps = append(traps, trap{names: subject + " " + header, in: in, want: map[string]string{"automatic": want[i], "notes": notes}})
		}
	}
	testTraps(t, traps)
	// An mbox has such a line for mail of any origin.
	m := readAll(t, "x", "From MAILER-DAEMON Thu Aug  1 00:50:24 1996\nSubject: a\n\nhi\n\n")[0]
	if m.From.Address != "mailer-daemon" || m.Automatic != "" {
		t.Errorf("of a From line: from %q, automatic %q", m.From.Address, m.Automatic)
	}
}

// The receiving server's word, which is on top, tells who did not send a message.
func TestForged(t *testing.T) {
	var traps []trap
	for results, want := range map[string]string{
		"mx.example; dmarc=fail (p=REJECT sp=NONE dis=NONE) header.from=x.example":           "true",
		"mx.example; spf=pass smtp.mailfrom=evil.example; dkim=none; dmarc=fail action=none": "true",
		"mx.example; DMARC = FAIL":   "true",
		"mx.example 1; dmarc/1=fail": "true",
		"mx.example; dmarc=pass":     "false",
		"mx.example; dmarc=none":     "false",
		"mx.example; none":           "false",
		"mx.example":                 "false",
		"":                           "false",
		"mx.example; dkim=pass (dmarc=fail; dmarc=fail) header.d=x.example": "false",
		"mx.example; arc=pass (i=1 dkim=pass); dmarc=fail":                  "true",
		"mx.example; arc=pass; spf=fail smtp.mailfrom=jane@x.example":       "true",
		"mx.example; arc=pass; dmarc=pass":                                  "false",
		"mx.example; dmarc=fail action=none; compauth=pass reason=130":      "false",
		"mx.example; arc=fail; dmarc=fail":                                  "true",
		"mx.example; dmarc=bestguesspass; spf=fail smtp.mailfrom=x.example": "false",

		"mx.example; spf=fail smtp.mailfrom=jane@x.example":                                       "true",
		"mx.example; spf=fail (sender is 1.2.3.4) smtp.mailfrom=<jane@mail.x.example>; dkim=none": "true",
		"mx.example; spf=fail":                                                                                             "true",
		"mx.example; spf=softfail smtp.mailfrom=jane@x.example":                                                            "false",
		"mx.example; spf=fail smtp.mailfrom=bounce@list.example":                                                           "false",
		"mx.example; spf=fail smtp.mailfrom=jane@x.example; dkim=pass header.d=x.example":                                  "false",
		"mx.example; spf=fail smtp.mailfrom=jane@x.example; dkim=pass header.i=@x.example":                                 "false",
		"mx.example; spf=fail smtp.mailfrom=jane@x.example; dkim=pass header.d=evil.example":                               "true",
		"mx.example; spf=fail smtp.mailfrom=jane@x.example; dkim=fail header.d=x.example":                                  "true",
		"mx.example; spf=fail smtp.mailfrom=jane@x.example; dkim=pass header.d=evil.example; dkim=pass header.d=x.example": "false",
		"mx.example; spf=fail smtp.mailfrom=jane@x.example; dmarc=pass":                                                    "false",
		"mx.example; dkim=pass reason=\"a; dmarc=fail (b\" header.d=x.example; spf=pass":                                   "false",
		"((; dmarc=fail": "false",
	} {
		traps = append(traps, trap{names: results, in: "Authentication-Results: " + results + "\nFrom: Jane <jane@x.example>\n\nhi", want: map[string]string{"forged": want}})
	}
	traps = append(traps,
		trap{names: "only the first is believed", want: map[string]string{"forged": "false"},
			in: "Authentication-Results: mx.example; dmarc=pass\nAuthentication-Results: mx.example; dmarc=fail\nFrom: jane@x.example\n\nhi"},
		trap{names: "only the first is believed, fail", want: map[string]string{"forged": "true"},
			in: "Authentication-Results: mx.example; dmarc=fail\nReceived: by a\nAuthentication-Results: mx.example; dmarc=pass\nFrom: jane@x.example\n\nhi"},
		trap{names: "folded", want: map[string]string{"forged": "true"},
			in: "Authentication-Results: mx.example;\n dkim=none;\n\tdmarc=fail\n (p=NONE)\n header.from=x.example\nFrom: jane@x.example\n\nhi"},
		trap{names: "arc's own results are another server's", want: map[string]string{"forged": "false"},
			in: "ARC-Authentication-Results: i=1; mx.example; dmarc=fail\nFrom: jane@x.example\n\nhi"},
		trap{names: "no From", want: map[string]string{"forged": "true"},
			in: "Authentication-Results: mx.example; dmarc=fail\n\nhi"})
	testTraps(t, traps)
}
