package files

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"deskmove/shared/auth"
	"deskmove/shared/desk"
	"deskmove/shared/support"
)

// Prefix is below which the addresses are.
const Prefix = "/file-bytes/"

// claims are what an address says. It is signed, so that nobody else makes one, but
// can be read by whoever has it.
type claims struct {
	jwt.RegisteredClaims
	Method  string `json:"method"`
	Account string `json:"account"`
	SHA256  string `json:"sha256"`
	Size    int64  `json:"size"`
	Since   int64  `json:"since"` // milliseconds since 1970
	Name    string `json:"name,omitempty"`
	Type    string `json:"type,omitempty"`
	// For is who asked for the address; nil if the program did for itself.
	For *asked `json:"for,omitempty"`
}

// asked is who has asked, by a token.
type asked struct {
	Agent    string    `json:"agent"`
	Role     desk.Role `json:"role"`
	IssuedAt int64     `json:"issuedAt"` // the token, in nanoseconds since 1970: withdrawals are exact
}

func (d *Folder) address(ctx context.Context, method string, f desk.File, as support.Download, until time.Time) (support.Address, error) {
	var who *asked
	if c, ok := auth.CallerFrom(ctx); ok {
		who = &asked{c.Agent, c.Role, c.IssuedAt.UnixNano()}
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		jwt.RegisteredClaims{ExpiresAt: jwt.NewNumericDate(until)}, method, f.Account, f.SHA256, f.Size, f.Since.UnixMilli(), as.Name, as.Type, who,
	}).SignedString(d.Secret)
	return support.Address{URL: Prefix + token, Method: method, Until: until}, err
}

// PutAt implements support.FileBytes.
func (d *Folder) PutAt(ctx context.Context, f desk.File, until time.Time) (support.Address, error) {
	return d.address(ctx, http.MethodPut, f, support.Download{}, until)
}

// GetAt implements support.FileBytes.
func (d *Folder) GetAt(ctx context.Context, f desk.File, as support.Download, until time.Time) (support.Address, error) {
	return d.address(ctx, http.MethodGet, f, as, until)
}

// Origin implements support.FileBytes: addresses are references.
func (*Folder) Origin() string { return "" }

// read returns what the address of a request says.
func (d *Folder) read(r *http.Request) (c claims, err error) {
	token := strings.TrimPrefix(r.URL.Path, Prefix)
	parser := jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithExpirationRequired(), jwt.WithTimeFunc(d.Clock.Now))
	if _, err = parser.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return d.Secret, nil }); err == nil && c.Method != r.Method {
		err = fmt.Errorf("it is for %s", c.Method)
	}
	return c, err
}

func (c claims) file() desk.File {
	return desk.File{Account: c.Account, SHA256: c.SHA256, Size: c.Size, Since: time.UnixMilli(c.Since)}
}

// admit returns a *desk.RefusedError if who asked for an address is gone since, or their
// token has been withdrawn.
func (d *Folder) admit(ctx context.Context, c claims) error {
	if d.Admit == nil || c.For == nil {
		return nil
	}
	err := d.Admit(ctx, desk.Caller{Account: c.Account, Agent: c.For.Agent, Role: c.For.Role, IssuedAt: time.Unix(0, c.For.IssuedAt)})
	if errors.Is(err, desk.ErrNotFound) { // nor is their account there
		return notGood()
	}
	return err
}

func notGood() error {
	return &desk.RefusedError{Code: desk.CodeAddress, Problem: "the address is good no more, or not for this", Remedy: "ask for the file's address again"}
}

// IsFor reports whether a request is for an address of a file's bytes.
func IsFor(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, Prefix) }

// ServeHTTP takes the bytes of a file in, or gives them out.
func (d *Folder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	auth.TrailFrom(r.Context()).SetRoute(r.Method + " " + Prefix + "{token}")
	c, err := d.read(r)
	if err != nil {
		err = notGood()
	} else {
		err = d.admit(r.Context(), c)
	}
	switch {
	case err != nil:
		d.refuse(w, r, "file's address not looked at", c.file(), err)
	case r.Method == http.MethodPut:
		d.take(w, r, c.file())
	default:
		d.give(w, r, c)
	}
}

// take stores the bytes of a file.
func (d *Folder) take(w http.ResponseWriter, r *http.Request, f desk.File) {
	var err error
	if r.ContentLength >= 0 && r.ContentLength != f.Size { // it need not be read to be refused
		w.Header().Set("Connection", "close")
		err = desk.OtherFile("size", strconv.FormatInt(r.ContentLength, 10)+" bytes")
	} else {
		err = d.write(r.Context(), f, r.Body)
	}
	switch {
	case err == nil:
		protect(w.Header())
	case r.Context().Err() != nil:
		d.Refuse(w, r, &desk.BusyError{What: "the server", After: time.Second, Err: err})
	default:
		d.refuse(w, r, "file not taken in", f, err)
	}
}

// refuse answers with an error, and logs one that nobody expects.
func (d *Folder) refuse(w http.ResponseWriter, r *http.Request, what string, f desk.File, err error) {
	_, refused := errors.AsType[*desk.RefusedError](err)
	if !refused && desk.Invalid(err) == nil && !errors.Is(err, desk.ErrNotFound) {
		d.Log.ErrorContext(r.Context(), what, "account", f.Account, "sha256", f.SHA256, "err", err)
	}
	d.Refuse(w, r, err)
}

// give sends the bytes of a file. Of one that is damaged the end does not come, and
// the connection is broken off, since the answer has begun.
func (d *Folder) give(w http.ResponseWriter, r *http.Request, c claims) {
	f := c.file()
	in, err := d.Open(r.Context(), f)
	if err != nil {
		d.refuse(w, r, "file not read", f, err)
		return
	}
	defer func() { _ = in.Close() }()
	h := w.Header()
	protect(h)
	h.Set("Content-Disposition", support.Download{Name: c.Name}.Disposition())
	h.Set("Content-Type", c.Type)
	h.Set("Content-Length", strconv.FormatInt(f.Size, 10))
	if _, err := pass(w, in); err != nil {
		if _, damaged := errors.AsType[*support.DamagedError](err); damaged {
			d.Log.ErrorContext(r.Context(), "file is damaged", "account", f.Account, "sha256", f.SHA256, "err", err)
		}
		panic(http.ErrAbortHandler)
	}
}

// protect has browsers treat an answer as data alone, and keep it to themselves.
func protect(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "private")
}
