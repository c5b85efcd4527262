package mail

import "strings"

// gmailNames are Gmail's own labels as Google Takeout writes them, in lower case:
// in the language of the account, here in English, Norwegian, Swedish, Danish,
// German, French, Spanish, Dutch and Portuguese. They are no tags; those of a box
// tell of it. Words that people of another language may well choose for a label,
// such as Dutch "concept", are left out.
var gmailNames = names(map[Box]string{
	Draft:   `draft, drafts, utkast, kladder, entwürfe, brouillons, borradores, concepten, rascunhos`,
	Spam:    `spam, junk, søppelpost, skräppost, correo no deseado`,
	Chat:    `chat, chats, nettprat, chattar, bate-papo`,
	Deleted: `trash, bin, papirkurv, papperskorgen, papierkorb, corbeille, papelera, prullenbak, lixeira, lixo`,
	"": `
		inbox, innboks, inkorg, inkorgen, indbakke, posteingang, boîte de réception, recibidos, bandeja de entrada, postvak in, caixa de entrada,
		sent, sent mail, sendt, sendte, sendt e-post, sendte mails, skickat, skickade mail, gesendet, envoyé, envoyés, messages envoyés,
			mails envoyés, enviado, enviados, verzonden, verzonden berichten, e-mails enviados, correio enviado,
		important, viktig, viktige, viktigt, viktiga, vigtig, vigtigt, vigtige, wichtig, importants, importante, importantes, belangrijk,
		starred, stjernemerket, med stjerne, stjärnmärkt, stjärnmärkta, stjernemarkeret, markiert, suivi, suivis, favoris, destacado,
			destacados, met ster, com estrela,
		unread, ulest, uleste, oläst, olästa, ulæst, ulæste, ungelesen, non lu, non lus, no leído, no leídos, sin leer, ongelezen,
			não lido, não lidos, não lida, não lidas,
		opened, åpnet, öppnat, öppnad, öppnade, åbnet, åbnede, geöffnet, ouvert, ouverts, abierto, abiertos, geopend, aberto, abertos,
			aberta, abertas,
		archived, arkivert, arkiverat, arkiverad, arkiverade, arkiveret, archiviert, archivé, archivés, messages archivés, archivado,
			archivados, gearchiveerd, arquivado, arquivados, arquivada, arquivadas,
		scheduled, snoozed, muted`,
})

// keywords are flags of mail programs in lower case (RFC 9051, section 2.3.2, and the
// registry of RFC 5788). $label1 to $label5 are Thunderbird's, whose names people
// choose, so that they tell nothing outside of it.
var keywords = names(map[Box]string{
	Spam: `junk, $junk`,
	"": `nonjunk, $nonjunk, notjunk, $notjunk, junkrecorded, forwarded, $forwarded, redirected, $mdnsent, $submitted, $submitpending,
		$label1, $label2, $label3, $label4, $label5`,
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

// gmailBox returns the box of a label of Gmail's own in lower case, "" if it is
// none. own is false for labels that people made.
func gmailBox(label string) (box Box, own bool) {
	if strings.HasPrefix(label, "imap_") {
		return "", true // a flag of a mail program, which Gmail does not act on
	}
	label = strings.TrimPrefix(strings.TrimPrefix(label, "[gmail]/"), "[google mail]/") // what IMAP calls them
	switch first, _, _ := strings.Cut(label, " "); strings.TrimSuffix(first, ":") {
	case "category", "kategori", "kategorie", "catégorie", "categoría", "categorie", "categoria":
		return "", true // a tab of the inbox
	}
	box, own = gmailNames[label]
	return box, own
}

// keywordBox does the same for keywords.
func keywordBox(keyword string) (box Box, own bool) {
	box, own = keywords[keyword]
	return box, own
}
