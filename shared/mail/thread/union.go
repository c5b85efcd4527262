package thread

// union is a union-find structure over IDs.
type union struct {
	nodes  map[string]int
	parent []int
}

// node returns the number of an ID, which may be new.
func (u *union) node(id string) int {
	n, ok := u.nodes[id]
	if !ok {
		n = len(u.parent)
		u.nodes[id] = n
		u.parent = append(u.parent, n)
	}
	return n
}

func (u *union) find(n int) int {
	for u.parent[n] != n {
		u.parent[n] = u.parent[u.parent[n]]
		n = u.parent[n]
	}
	return n
}

func (u *union) join(a, b int) {
	a, b = u.find(a), u.find(b)
	u.parent[max(a, b)] = min(a, b)
}
