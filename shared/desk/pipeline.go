package desk

// Status is the ID of a ticket status, unique in the account.
type Status string

// Pipeline is a list of ticket statuses in their order.
type Pipeline struct {
	ID       string
	Name     string
	Statuses []PipelineStatus
}

// PipelineStatus is one status of a pipeline.
type PipelineStatus struct {
	ID     Status
	Name   string
	Closed bool
}

// StatusMap gives the ticket statuses of open and closed conversations (R8).
type StatusMap struct {
	Open   Status
	Closed Status
}
