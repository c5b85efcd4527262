package api

import (
	"cmp"
	"context"
	"net/http"

	"deskmove/shared/desk"
)

func (r *routes) directory() {
	add(r, operation{
		id: "get-directory", method: http.MethodGet, path: "/v1/directory", tag: tagAccount, roles: agents,
		summary: "Read the names behind the IDs",
		description: "The account's agents, pipelines, statuses, channels and policies, each with its ID and name, as every agent may " +
			"see them: what a page needs to show names instead of IDs, and to offer owners and statuses.",
	}, r.api.getDirectory)
}

// Directory has the names behind the IDs of an account.
type Directory struct {
	Account   DirectoryAccount   `json:"account"`
	Agents    []DirectoryAgent   `json:"agents" nullable:"false" doc:"As all of these lists in the order of the account's setup. What has no name there is named by its ID."`
	Teams     []DirectoryName    `json:"teams" nullable:"false"`
	Pipelines []DirectoryName    `json:"pipelines" nullable:"false"`
	Statuses  []DirectoryStatus  `json:"statuses" nullable:"false" doc:"Of all pipelines, pipeline by pipeline."`
	Channels  []DirectoryChannel `json:"channels" nullable:"false"`
	Policies  []Policy           `json:"policies" nullable:"false" doc:"What is promised, where, and in which hours its clocks run."`
}

// DirectoryAccount is the account.
type DirectoryAccount struct {
	ID   string `json:"id" example:"acme"`
	Name string `json:"name" example:"Acme"`
	Zone string `json:"zone" example:"Europe/Berlin" doc:"IANA time zone; UTC if the setup names none."`
}

// DirectoryName is something of which only the name counts.
type DirectoryName struct {
	ID   string `json:"id" example:"support"`
	Name string `json:"name" example:"Support"`
}

// DirectoryAgent is an agent.
type DirectoryAgent struct {
	ID       string `json:"id" example:"ann"`
	Name     string `json:"name" example:"Ann"`
	Role     string `json:"role" enum:"super-admin,agent" example:"agent"`
	HelpDesk bool   `json:"helpDesk" doc:"Has help desk access, and may own tickets."`
}

// DirectoryStatus is a ticket status.
type DirectoryStatus struct {
	ID         string `json:"id" example:"new"`
	Name       string `json:"name" example:"New"`
	Closed     bool   `json:"closed"`
	PipelineID string `json:"pipelineId" example:"support"`
}

// DirectoryChannel is a channel.
type DirectoryChannel struct {
	ID      string `json:"id" example:"support-mail"`
	Name    string `json:"name" example:"Support mail"`
	Type    string `json:"type" enum:"chat,email,form,calling,whatsapp,messenger" example:"email"`
	Address string `json:"address,omitempty" example:"support@acme.example"`
	Home    string `json:"home" enum:"inbox,moving,helpdesk" example:"inbox"`
}

func (a *api) getDirectory(ctx context.Context, c desk.Admitted, _ *struct{}) (*body[Directory], error) {
	s, err := a.Setups.Setup(ctx, c.Account)
	if err != nil {
		return nil, err
	}
	return &body[Directory]{writeDirectory(s)}, nil
}

func writeDirectory(s desk.Setup) Directory {
	d := Directory{
		Account:   DirectoryAccount{s.Account.ID, named(s.Account.Name, s.Account.ID), cmp.Or(s.Account.Zone, "UTC")},
		Agents:    make([]DirectoryAgent, len(s.Agents)),
		Teams:     make([]DirectoryName, len(s.Teams)),
		Pipelines: make([]DirectoryName, len(s.Pipelines)),
		Statuses:  []DirectoryStatus{},
		Channels:  make([]DirectoryChannel, len(s.Channels)),
		Policies:  make([]Policy, len(s.Policies)),
	}
	for i, a := range s.Agents {
		d.Agents[i] = DirectoryAgent{a.ID, named(a.Name, a.ID), string(a.Role), a.HelpDesk}
	}
	for i, t := range s.Teams {
		d.Teams[i] = DirectoryName{t.ID, named(t.Name, t.ID)}
	}
	for i, p := range s.Pipelines {
		d.Pipelines[i] = DirectoryName{p.ID, named(p.Name, p.ID)}
		for _, st := range p.Statuses {
			d.Statuses = append(d.Statuses, DirectoryStatus{string(st.ID), named(st.Name, string(st.ID)), st.Closed, p.ID})
		}
	}
	for i, c := range s.Channels {
		d.Channels[i] = DirectoryChannel{c.ID, named(c.Name, c.ID), string(c.Type), c.Address, string(c.Home)}
	}
	for i, p := range s.Policies {
		d.Policies[i] = writePolicy(p)
		d.Policies[i].Name = named(p.Name, p.ID)
	}
	return d
}

// named returns the name to show.
func named(name, id string) string { return cmp.Or(name, id) }
