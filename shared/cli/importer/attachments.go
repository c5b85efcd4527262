package importer

import (
	"bytes"
	"encoding/base64"
	"mime"
	"mime/multipart"
	"net/textproto"

	"deskmove/shared/mail"
)

// attachments are a mail's attachments as one MIME document, "" if it has
// none. It is made anew, always the same: the mail's own parts may be broken,
// and its bytes are no text.
func attachments(m mail.Message) string {
	if len(m.Attachments) == 0 {
		return ""
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	_ = w.SetBoundary("deskmove-" + m.Content[:min(32, len(m.Content))]) // of hexadecimal digits
	b.WriteString("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"" + w.Boundary() + "\"\r\n\r\n")
	for _, a := range m.Attachments {
		part, _ := w.CreatePart(textproto.MIMEHeader{ // a buffer takes everything
			"Content-Type":              {a.Type},
			"Content-Disposition":       {disposition(a.Name)},
			"Content-Transfer-Encoding": {"base64"},
		})
		line := make([]byte, base64.StdEncoding.EncodedLen(57))
		for data := a.Data; len(data) > 0; {
			n := min(57, len(data))
			base64.StdEncoding.Encode(line, data[:n])
			_, _ = part.Write(line[:base64.StdEncoding.EncodedLen(n)])
			_, _ = part.Write([]byte("\r\n"))
			data = data[n:]
		}
	}
	_ = w.Close()
	return b.String()
}

func disposition(name string) string {
	if d := mime.FormatMediaType("attachment", map[string]string{"filename": name}); d != "" {
		return d
	}
	return "attachment"
}
