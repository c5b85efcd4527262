package client_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"deskmove/shared/client"
)

// Lists the channels of an account, page by page, and says where each lives.
func Example() {
	// In place of a server that runs already, such as that of make run.
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, `{"items": [{"id": "support", "home": "inbox"}, {"id": "sales", "home": "helpdesk"}]}`)
	}))
	defer server.Close()

	api, err := client.New(server.URL, "the access token of an agent")
	if err != nil {
		fmt.Println(err)
		return
	}
	for channel, err := range api.Channels(context.Background()) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(channel.ID, "is in the", channel.Home)
	}
	// Output:
	// support is in the inbox
	// sales is in the helpdesk
}
