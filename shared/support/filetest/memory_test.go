package filetest

import (
	"net/http/httptest"
	"testing"
	"time"
)

func TestMemory(t *testing.T) {
	m := &Memory{}
	s := httptest.NewServer(m)
	defer s.Close()
	Run(t, Kit{Bytes: m, Now: time.Now, Base: s.URL, Damage: m.Damage})
}
