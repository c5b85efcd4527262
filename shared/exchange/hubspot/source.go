package hubspot

import (
	"io/fs"
	"path"
	"slices"
	"strings"
)

// source is a folder of saved pages.
type source struct {
	in    fs.FS
	kinds map[string][]string // files by what they are of
	files map[string]string   // bytes of files, by their IDs
	other []string            // what is none of these

	latest   int32 // the page of messages that was read last, from 1
	messages []record
}

// What folders and files are of. The longer of two that begin alike comes first.
var kindsOfPages = []string{"channel-accounts", "threads", "messages", "originals", "actors", "channels", "inboxes", "tickets", "pipelines", "owners"}

const folderOfFiles = "files/"

func openSource(in fs.FS) (*source, error) {
	s := &source{in: in, kinds: make(map[string][]string), files: make(map[string]string)}
	err := fs.WalkDir(in, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if of, ok := strings.CutPrefix(name, folderOfFiles); ok {
			id, _, _ := strings.Cut(of, "/")
			id, _, _ = strings.Cut(id, ".")
			if id == "" || s.files[id] != "" {
				s.other = append(s.other, name)
				return nil
			}
			s.files[id] = name
			return nil
		}
		top, _, _ := strings.Cut(name, "/")
		i := slices.IndexFunc(kindsOfPages, func(kind string) bool { return strings.HasPrefix(top, kind) })
		if i < 0 || path.Ext(name) != ".json" {
			s.other = append(s.other, name)
			return nil
		}
		s.kinds[kindsOfPages[i]] = append(s.kinds[kindsOfPages[i]], name)
		return nil
	})
	return s, err
}

// each hands on the results of all pages of a kind. The error is a *PageError if one is no
// page, or all of them say that another one comes.
func (s *source) each(kind string, do func(r record) error) error {
	whole := len(s.kinds[kind]) == 0
	for _, name := range s.kinds[kind] {
		p, err := readPage(s.in, name)
		if err != nil {
			return err
		}
		whole = whole || !p.more
		for _, r := range p.results {
			if err := do(r); err != nil {
				return wrongPage(name, "results", err.Error())
			}
		}
	}
	if !whole {
		return &PageError{s.kinds[kind][len(s.kinds[kind])-1], "paging.next", "more pages come after it, and none is the last", "save those, too"}
	}
	return nil
}

// threadPages are the files that have messages of a thread.
type threadPages struct {
	files []int32
	whole bool // one of them is the last
}

// messagesOf reads all pages of messages, and says which has those of which thread.
func (s *source) messagesOf() (map[string]*threadPages, error) {
	of := make(map[string]*threadPages)
	for i, name := range s.kinds["messages"] {
		p, err := readPage(s.in, name)
		if err != nil {
			return nil, err
		}
		for _, m := range p.results {
			id, _ := m["conversationsThreadId"].(string)
			if id == "" {
				return nil, wrongPage(name, "results", missing("conversationsThreadId").Error())
			}
			t := of[id]
			if t == nil {
				t = &threadPages{}
				of[id] = t
			}
			if !slices.Contains(t.files, int32(i)) { // #nosec G115 -- nobody saves so many files
				t.files = append(t.files, int32(i)) // #nosec G115 -- as above
			}
			t.whole = t.whole || !p.more
		}
	}
	return of, nil
}

// messagePage reads a page of messages, of which it keeps one: it may have several threads'.
func (s *source) messagePage(file int32) ([]record, error) {
	if s.latest == file+1 {
		return s.messages, nil
	}
	p, err := readPage(s.in, s.kinds["messages"][file])
	s.latest, s.messages = file+1, p.results
	return p.results, err
}
