package exchange_test

import (
	"slices"
	"testing"

	"deskmove/shared/api"
	"deskmove/shared/exchange"
)

func TestSimilar(t *testing.T) {
	here := []api.Agent{{ID: "ann"}, {ID: "x1", Name: "Åse Berg"}, {ID: "x2", Email: "bo.lund@desk.example"}, {ID: "x3", Name: "Z"}}
	for _, c := range []struct {
		of   api.Agent
		want []string
	}{
		{api.Agent{Name: "Ann Olsen"}, []string{"ann"}}, {api.Agent{Name: "ÅSE"}, []string{"x1"}}, {api.Agent{Email: "bo@other.example"}, []string{"x2"}},
		{api.Agent{Email: "nobody@desk.example"}, nil}, {api.Agent{Name: "Z"}, nil}, {api.Agent{}, nil},
	} {
		if got := exchange.Similar(c.of, here); !slices.Equal(got, c.want) {
			t.Errorf("%+v may be %v, want %v", c.of, got, c.want)
		}
	}
}
