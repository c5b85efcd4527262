package mail

import "strings"

// gmailNames are Gmail's own labels as Google Takeout writes them, in lower case:
// in the language of the account, here in English, Norwegian, Swedish, Danish,
// German, French, Spanish, Dutch and Portuguese. They are no tags; those of a box
// tell of it. Words that people of another language may well choose for a label,
// such as Dutch "concept", are left out.
var gmailNames = names(map[Box]string{
	Draft: `drafts, draft, utkast, kladder, entwürfe, brouillons, borradores, concepten, rascunhos`,
	Spam:  `spam, junk, søppelpost, skräppost, correo no deseado`,
	Chat:  `chat, chats, nettprat, chattar, bate-papo`,
	Deleted: `trash, bin, papirkurv, papperskorgen, papperskorg, papierkorb, corbeille, papelera, prullenbak, lixeira,
		lixo`,
	"": `inbox, innboks, inkorg, inkorgen, indbakke, posteingang, boîte de réception, recibidos, bandeja de entrada,
		postvak in, caixa de entrada,
		sent, sent mail, sendt, sendte, sendt e-post, sendte mails, skickat, skickade, gesendet, gesendete nachrichten, envoyé, envoyés, messages envoyés, mails envoyés, enviado, enviados,
		verzonden, verzonden berichten, e-mails enviados, correio enviado,
		important, viktig, viktige, viktigt, viktiga, vigtig, vigtigt, vigtige, wichtig, importants, importante, importantes, belangrijk,
		starred, stjernemerket, stjernemerkede, stjärnmärkt, stjärnmärkta, stjernemarkeret, stjernemarkerede, med stjerne, markiert, suivi, suivis, favoris, destacado, destacados,
		met ster, com estrela,
		unread, ulest, uleste, oläst, olästa, ulæst, ulæste, ungelesen, non lu, non lus, no leído, no leídos, sin leer, ongelezen, não lido, não lidos, não lida, não lidas,
		opened, åpnet, öppnad, öppnat, öppnade, åbnet, åbnede, geöffnet, ouvert, ouverts, abierto, abiertos, geopend, aberto, abertos, aberta, abertas,
		archived, arkivert, arkiverad, arkiverat, arkiverade, arkiveret, arkiverede, archiviert, archivé, archivés, messages archivés, archivado, archivados, gearchiveerd,
		arquivado, arquivados, arquivada, arquivadas,
		scheduled, snoozed, muted, all mail`,
})

// keywords are the flags of IMAP in lower case (RFC 9051, section 2.3.2, and
// the registry of RFC 5788), as mail programs keep them in a mailbox.
var keywords = names(map[Box]string{
	Spam: `junk, $junk`,
	"": `nonjunk, $nonjunk, notjunk, $notjunk, junkrecorded, $phishing, $forwarded, forwarded, $mdnsent, mdnsent, $submitted, $submitpending,
		redirected, $label1, $label2, $label3, $label4, $label5`,
})

// names turns lists of names into a table.
func names(lists map[Box]string) map[string]Box {
	table := make(map[string]Box)
	for box, list := range lists {
		for name := range strings.SplitSeq(list, ",") {
			table[strings.TrimSpace(name)] = box
		}
	}
	return table
}

// gmailBox returns the box of a label of Gmail's own, "" for none. Own is false for
// labels that people made. A mail program that is connected by IMAP has its
// keywords shown as "IMAP_$Forwarded"; "Category Updates" is a tab of the inbox.
func gmailBox(label string) (box Box, own bool) {
	if keyword, ok := strings.CutPrefix(label, "imap_"); ok {
		return keywords[keyword], true
	}
	label = strings.TrimPrefix(strings.TrimPrefix(label, "[gmail]/"), "[google mail]/") // folders in IMAP
	switch first, _, _ := strings.Cut(label, " "); strings.TrimSuffix(first, ":") {
	case "category", "kategori", "kategorie", "catégorie", "categoría", "categorie", "categoria":
		return "", true
	}
	box, own = gmailNames[label]
	return box, own
}

// keywordBox is gmailBox for keywords.
func keywordBox(keyword string) (box Box, own bool) {
	box, own = keywords[keyword]
	return box, own
}
