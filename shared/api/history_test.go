package api_test

import "testing"

// TestOldMailOverTheAPI: what a conversation was comes with the message that begins
// it, and what is wrong with it names the field.
func TestOldMailOverTheAPI(t *testing.T) {
	r := newRig(t)
	m := func(more object) object {
		whole := object{"externalId": "<1@x>", "author": "customer", "at": "2019-03-01T09:00:00Z", "history": true}
		for k, v := range more {
			whole[k] = v
		}
		return whole
	}
	was := func(of object) object { return m(object{"conversation": of}) }
	for name, c := range map[string]struct {
		body  object
		field string
	}{
		"an unknown owner":   {was(object{"owner": "nobody"}), "conversation.owner"},
		"an unknown status":  {was(object{"status": "solved"}), "body.conversation.status"},
		"a date of long ago": {was(object{"waitingSince": "1960-01-01T00:00:00Z"}), "conversation.waitingSince"},
	} {
		a := r.do(bot, "POST", "/v1/channels/mail/conversations", c.body).want(422)
		if got := a.at("errors", 0, "field"); got != c.field && "body."+got.(string) != c.field {
			t.Errorf("%s: %s", name, a.Body)
		}
	}
	a := r.do(bot, "POST", "/v1/channels/mail/conversations", was(object{"status": "closed", "owner": "bob", "firstReplyAt": "2019-03-02T09:00:00Z"})).want(201)
	c := r.do(bob, "GET", "/v1/conversations/"+a.at("conversationId").(string), nil).want(200)
	for field, want := range map[string]any{
		"status": "closed", "owner": "bob", "firstReplyAt": "2019-03-02T09:00:00Z", "waitingSince": nil, "history": true, "customerVersion": 0.0, "startedAt": "2019-03-01T09:00:00Z",
	} {
		if c.at(field) != want {
			t.Errorf("%s = %v, want %v", field, c.at(field), want)
		}
	}
	r.start("mail")
	r.Run()
	fence := r.do(bob, "GET", "/v1/channels/mail", nil).want(200).at("fenceAt")
	a = r.do(bot, "POST", "/v1/channels/mail/conversations", m(object{"externalId": "<2@x>", "at": fence})).want(422)
	if a.at("errors", 0, "code") != "not-history" || a.at("errors", 0, "field") != "at" || a.at("errors", 0, "params", "fence") == nil {
		t.Errorf("mail of the fence: %s", a.Body)
	}
	// A message that comes between two conversations names the other.
	first := r.do(bot, "POST", "/v1/channels/form/conversations", m(object{"externalId": "<1@y>"})).want(201)
	other := r.do(bot, "POST", "/v1/channels/form/conversations", m(object{"externalId": "<3@y>", "references": []string{"<2@y>"}})).want(201)
	a = r.do(bot, "POST", "/v1/channels/form/conversations", m(object{"externalId": "<2@y>", "references": []string{"<1@y>"}})).want(201)
	if a.at("conversationId") != first.at("conversationId") || a.at("apart", 0) != other.at("conversationId") {
		t.Errorf("between two: %s", a.Body)
	}
}
