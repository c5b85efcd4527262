package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"deskmove/shared/cli/login"
	"deskmove/shared/client"
)

type loginCmd struct {
	Endpoint string        `required:"" env:"DESKMOVE_ENDPOINT" placeholder:"URL" help:"URL of the API, such as https://api.example.com."`
	Print    bool          `help:"Print the link only, and open no browser."`
	Wait     time.Duration `default:"5m" placeholder:"TIME" help:"How long to wait for you (${default})."`
}

func (loginCmd) Help() string {
	return `Opens the sign-in page of the API's user pool, and waits on this machine for the answer. Commands with that --endpoint and no
token of their own then use the session, which is kept below your directory of configurations and renewed while it lasts: a day.`
}

// LoginCallbacks are the URLs that a sign-in page has to send people back to.
func LoginCallbacks() (urls []string) {
	for _, port := range login.Ports {
		urls = append(urls, login.Callback(port))
	}
	return urls
}

func (l loginCmd) Run(ctx context.Context, c *call) error {
	sessions, err := login.Ours()
	if err != nil {
		return err
	}
	page, err := login.Find(ctx, l.Endpoint)
	switch {
	case err != nil:
		return err
	case page.Kind == "local":
		return fmt.Errorf("%s runs on one machine and has no sign-in page: \"%s open\" signs you in to the console, and \"%[2]s token\" makes a token, where its data are",
			l.Endpoint, program())
	case page.Kind != login.KindOIDC:
		return fmt.Errorf("%s has no sign-in page: its stack needs the parameter UserPoolDomainPrefix; or give a token of your own issuer with --token", l.Endpoint)
	}
	waiting, cancel := context.WithTimeout(ctx, l.Wait)
	defer cancel()
	session, err := login.Flow{Page: page, Show: func(ctx context.Context, link string) {
		say := "Open this page to sign in:"
		if !l.Print && !c.json && browse(ctx, link) == nil {
			say = "Sign in in your browser. If nothing is there, open this page:"
		}
		_, _ = fmt.Fprintf(c.stderr, "%s\n\n%s\n\n", say, link)
	}}.Run(waiting)
	if err != nil {
		return err
	}
	api, err := client.New(l.Endpoint, session.Access)
	if err != nil {
		return err
	}
	me, err := api.Me(ctx)
	if err != nil {
		return fmt.Errorf("the API does not take the token: %w", err)
	}
	if err := sessions.Save(l.Endpoint, session); err != nil {
		return fmt.Errorf("the session cannot be kept: %w", err)
	}
	return c.print(map[string]any{"endpoint": l.Endpoint, "account": me.Account, "agent": me.ID, "role": me.Role}, func(w io.Writer) {
		_, _ = fmt.Fprintf(w, "Signed in to account %s as %s (%s).\n", me.Account, me.ID, me.Role)
	})
}

type logoutCmd struct {
	Endpoint string `required:"" env:"DESKMOVE_ENDPOINT" placeholder:"URL" help:"URL of the API."`
}

func (logoutCmd) Help() string {
	return `Forgets the session that "login" keeps, and has the issuer withdraw its refresh token. An access token that somebody has copied
is good until it expires, within the hour.`
}

func (l logoutCmd) Run(ctx context.Context, c *call) error {
	sessions, err := login.Ours()
	if err != nil {
		return err
	}
	if err := sessions.End(ctx, l.Endpoint); err != nil && !errors.Is(err, login.ErrNone) {
		return err
	}
	return c.print(map[string]any{"endpoint": l.Endpoint}, func(w io.Writer) { writeln(w, "Signed out.") })
}

// sessionAt is the source of tokens of who is signed in to an API; nil if nobody is.
func sessionAt(endpoint string) (func(context.Context) (string, error), error) {
	sessions, err := login.Ours()
	if err != nil {
		return nil, nil //nolint:nilerr // without a directory of configurations there is no session
	}
	session, err := sessions.Load(endpoint)
	if errors.Is(err, login.ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	tokens := sessions.Tokens(endpoint, session)
	return func(ctx context.Context) (string, error) {
		token, err := tokens(ctx)
		if errors.Is(err, login.ErrEnded) {
			err = fmt.Errorf("%w: sign in again with \"%s login --endpoint %s\"", err, program(), strings.TrimRight(endpoint, "/"))
		}
		return token, err
	}, nil
}
