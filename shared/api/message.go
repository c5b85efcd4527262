package api

import "time"

// newMessage is what a connector hands over to a channel.
type newMessage struct {
	ExternalID string    `json:"externalId" minLength:"1" maxLength:"1000" example:"<4711@customer.example>" doc:"Your ID of the message, unique in the channel, such as a mail's Message-ID. Sent again with the same ID, it changes nothing."`
	References []string  `json:"references,omitempty" nullable:"false" maxItems:"1000" example:"[\"<4710@acme.example>\"]" doc:"External IDs of earlier messages of the channel, the most telling first."`
	From       string    `json:"from,omitempty" maxLength:"1000" example:"jane@customer.example" doc:"The sender's address, number or name."`
	Author     string    `json:"author" enum:"customer,agent" example:"customer"`
	Agent      string    `json:"agent,omitempty" pattern:"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$" patternDescription:"an ID" example:"ann" doc:"ID of the agent who wrote it, if an agent did and it is known."`
	At         time.Time `json:"at,omitzero" doc:"When it was written, by the sender's date, from 1970 to 2286. Without it, now."`
	Subject    string    `json:"subject,omitempty" example:"Where is my order?"`
	Text       string    `json:"text,omitempty" example:"I ordered on Monday."`
	HTML       string    `json:"html,omitempty"`
	Raw        string    `json:"raw,omitempty" doc:"The source as it came, such as a whole mail. It is kept whole."`
}

// addedMessage is what a connector adds to a conversation.
type addedMessage struct {
	ExternalID string    `json:"externalId" minLength:"1" maxLength:"1000" example:"<4712@customer.example>" doc:"Your ID of the message, unique in the channel, such as a mail's Message-ID. Sent again with the same ID, it changes nothing."`
	ChannelID  string    `json:"channelId,omitempty" pattern:"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$" patternDescription:"an ID" example:"support-mail" doc:"The channel by which it came. Without it, the one on which the conversation began."`
	From       string    `json:"from,omitempty" maxLength:"1000" example:"jane@customer.example" doc:"The sender's address, number or name."`
	Author     string    `json:"author" enum:"customer,agent" example:"customer"`
	Agent      string    `json:"agent,omitempty" pattern:"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$" patternDescription:"an ID" example:"ann" doc:"ID of the agent who wrote it, if an agent did and it is known."`
	At         time.Time `json:"at,omitzero" doc:"When it was written, by the sender's date, from 1970 to 2286. Without it, now."`
	Subject    string    `json:"subject,omitempty" example:"Re: Where is my order?"`
	Text       string    `json:"text,omitempty" example:"It has arrived, thank you."`
	HTML       string    `json:"html,omitempty"`
	Raw        string    `json:"raw,omitempty" doc:"The source as it came, such as a whole mail. It is kept whole."`
}

// taken says what became of a message.
type taken struct {
	ConversationID string `json:"conversationId" example:"c05jg3nrm7gk2v9x0q8s4t"`
	MessageID      string `json:"messageId" example:"5r0m9v3w2k8d1c7x4z6b0a1n"`
	Began          bool   `json:"began" doc:"It began the conversation."`
	Known          bool   `json:"known" doc:"It was there already, and nothing was changed."`
}
