package mail_test

import (
	"slices"
	"strings"
	"testing"

	"deskmove/shared/mail/note"
)

// Gmail's own labels are no tags, in any of the languages; people's are.
func TestGmailLabels(t *testing.T) {
	var traps []trap
	for labels, want := range map[string][2]string{
		"Inbox,Important,Opened,Category Updates":     {"", ""},
		"Inbox,Invoices,\"Orders, open\",Kunder/Åpne": {"", "Invoices|Orders, open|Kunder/Åpne"},
		"Sent,VIP,VIP, vip ":                          {"", "VIP|vip"},
		"Drafts":                                      {"draft X-Gmail-Labels", ""},
		"Trash,Opened,Invoices":                       {"deleted X-Gmail-Labels", "Invoices"},
		"Spam,Unread":                                 {"spam X-Gmail-Labels", ""},
		"Chat":                                        {"chat X-Gmail-Labels", ""},
		"Trash,Drafts":                                {"draft X-Gmail-Labels", ""},
		"Drafts,Trash":                                {"draft X-Gmail-Labels", ""},
		"Chat,Spam":                                   {"spam X-Gmail-Labels", ""},
		"Trash,Chat":                                  {"chat X-Gmail-Labels", ""},
		"=?UTF-8?Q?S=C3=B8ppelpost,Ulest?=":           {"spam X-Gmail-Labels", ""},
		"=?UTF-8?Q?Innboks,=C3=85pnet,Kategori_oppdateringer,?=\n =?UTF-8?Q?Kj=C3=B8p?=": {"", "Kjøp"},
		"Utkast":              {"draft X-Gmail-Labels", ""},
		"Papirkurv,Åpnet":     {"deleted X-Gmail-Labels", ""},
		"Skräppost,Oläst":     {"spam X-Gmail-Labels", ""},
		"Papperskorgen":       {"deleted X-Gmail-Labels", ""},
		"Skickat,Öppnat,Kund": {"", "Kund"},
		"Kladder":             {"draft X-Gmail-Labels", ""},
		"Sendt,Åbnet,Kunde":   {"", "Kunde"},
		"Entwürfe":            {"draft X-Gmail-Labels", ""},
		"Papierkorb":          {"deleted X-Gmail-Labels", ""},
		"Gesendet,Geöffnet,Kategorie \"Werbung\",Kunde": {"", "Kunde"},
		"Brouillons":                         {"draft X-Gmail-Labels", ""},
		"Corbeille,Ouvert":                   {"deleted X-Gmail-Labels", ""},
		"Messages envoyés,Archivés,Client":   {"", "Client"},
		"Borradores":                         {"draft X-Gmail-Labels", ""},
		"Papelera":                           {"deleted X-Gmail-Labels", ""},
		"Enviados,Abierto,Cliente":           {"", "Cliente"},
		"Concepten":                          {"draft X-Gmail-Labels", ""},
		"Prullenbak":                         {"deleted X-Gmail-Labels", ""},
		"Verzonden,Geopend,Klant,Concept":    {"", "Klant|Concept"},
		"Rascunhos":                          {"draft X-Gmail-Labels", ""},
		"Lixeira":                            {"deleted X-Gmail-Labels", ""},
		"Caixa de entrada,Não lidos,Cliente": {"", "Cliente"},
		"IMAP_$Forwarded,IMAP_NonJunk,A":     {"", "A"},
		"=?UTF-8?Q?Posteingang,Wichtig,Ungelesen,Kategorie:_=22Neuigkeiten=22?=":                                                              {"", ""},
		"=?UTF-8?Q?Messages_archiv=C3=A9s,Ouvert,Cat=C3=A9gorie=C2=A0:_E-mails_?=\n =?UTF-8?Q?personnels,\"Culture,_=C3=A9v=C3=A9nements\"?=": {"", "Culture, événements"},
		"IMAP_Junk":     {"", ""},
		"[Gmail]/Trash": {"deleted X-Gmail-Labels", ""},
		"":              {"", ""},
		",, ,":          {"", ""},
	} {
		traps = append(traps, trap{names: labels, in: "X-Gmail-Labels: " + labels + "\nFrom: a@x.example\n\nhi", want: map[string]string{"box": want[0], "labels": want[1]}})
	}
	testTraps(t, traps)
}

// Mail programs mark in the header what is deleted, a draft or spam.
func TestFlags(t *testing.T) {
	var traps []trap
	for header, want := range map[string][2]string{
		"X-Mozilla-Status: 0001\n":                                        {"", ""},
		"X-Mozilla-Status: 0009\n":                                        {"deleted X-Mozilla-Status", ""},
		"X-Mozilla-Status: 0010\n":                                        {"", ""},
		"X-Mozilla-Status: 8\n":                                           {"deleted X-Mozilla-Status", ""},
		"X-Mozilla-Status: none\n":                                        {"", ""},
		"X-Mozilla-Status: 0001\nX-Mozilla-Status2: 00200000\n":           {"deleted X-Mozilla-Status2", ""},
		"X-Mozilla-Status2: 10000000\n":                                   {"", ""},
		"X-Mozilla-Draft-Info: internal/draft; vcard=0; receipt=0\n":      {"draft X-Mozilla-Draft-Info", ""},
		"X-Mozilla-Keys: $label1 NonJunk urgent                    \n":    {"", "urgent"},
		"X-Mozilla-Draft-Info: internal/draft\nReceived: by mx.example\n": {"", ""},
		"X-Mozilla-Keys: Junk\n":                                          {"spam X-Mozilla-Keys", ""},
		"X-Keywords: $Forwarded invoice\n":                                {"", "invoice"},
		"X-Keywords: $Junk\n":                                             {"spam X-Keywords", ""},
		"Status: RO\nX-Status: AF\n":                                      {"", ""},
		"Status: RO\nX-Status: D\n":                                       {"deleted X-Status", ""},
		"X-Status: AT\n":                                                  {"draft X-Status", ""},
		"X-Status: DT\n":                                                  {"draft X-Status", ""},
		"Status: ROD\n":                                                   {"deleted Status", ""},
		"Status: Delivered\n":                                             {"", ""},
		"Status: DONE!\n":                                                 {"", ""},
		"X-Spam-Flag: YES\n":                                              {"spam X-Spam-Flag", ""},
		"X-Spam-Flag: yes\nX-Mozilla-Status: 0008\n":                      {"spam X-Spam-Flag", ""},
		"X-Spam-Flag: NO\n":                                               {"", ""},
	} {
		traps = append(traps, trap{names: header, in: header + "From: a@x.example\n\nhi", want: map[string]string{"box": want[0], "labels": want[1]}})
	}
	testTraps(t, traps)
}

func TestThreadID(t *testing.T) {
	for value, want := range map[string]string{
		"1661828917674532318": "1661828917674532318", " 12 ": "12", "": "", "a b": "", "-1": "", "99999999999999999999999": "",
	} {
		if m := readAll(t, "x", "X-GM-THRID: "+value+"\nFrom: a@x.example\n\nhi")[0]; m.ThreadID != want {
			t.Errorf("X-GM-THRID %q gives %q, want %q", value, m.ThreadID, want)
		}
	}
}

// Nobody has that many labels; that some are left out is noted.
func TestManyLabels(t *testing.T) {
	m := readAll(t, "x", "X-Gmail-Labels: "+strings.Join(numbers(1000), ",")+"\nFrom: a@x.example\nMessage-ID: <1@x>\n\nhi")[0]
	if len(m.Labels) != 100 || m.Labels[99] != "99" || !slices.Contains(m.Notes, note.LabelsLong) {
		t.Errorf("%d labels, notes %q", len(m.Labels), m.Notes)
	}
}
