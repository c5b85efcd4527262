package sqlite

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"deskmove/shared/store"
)

func TestCodec(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := store.Attrs{}
		for i := range rapid.IntRange(0, 40).Draw(t, "count") {
			v := store.Value{Kind: rapid.SampledFrom([]store.Kind{store.String, store.Number, store.Binary}).Draw(t, "kind")}
			if v.Kind == store.Number {
				v.Num = rapid.Int64().Draw(t, "number")
			} else {
				v.Str = string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
			}
			want = append(want, store.Attr{Name: rapid.String().Draw(t, "name") + string(rune('a'+i)), Value: v})
		}
		b := appendAttrs(nil, want)
		if got, err := decodeAttrs(nil, string(b)); err != nil || !slices.Equal(got, want) {
			t.Fatalf("%v, %v; want %v", got, err, want)
		}
		for i := range b { // no part of it passes for the whole
			if _, err := decodeAttrs(nil, string(b[:i])); err == nil {
				t.Fatalf("the first %d of %d bytes decode", i, len(b))
			}
		}
		if _, err := decodeAttrs(nil, string(b)+"\x00"); err == nil {
			t.Fatal("a byte too many decodes")
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add("")
	f.Add("\x00")
	f.Add(string(appendAttrs(nil, store.Attrs{{Name: "n", Value: store.N(-1)}, {Name: "s", Value: store.S("é")}, {Name: "b", Value: store.B("\x00")}})))
	f.Add("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")
	f.Fuzz(func(t *testing.T, s string) {
		attrs, err := decodeAttrs(nil, s)
		if err != nil {
			return
		}
		again, err := decodeAttrs(nil, string(appendAttrs(nil, attrs)))
		if err != nil || !slices.Equal(attrs, again) {
			t.Errorf("%q decodes to %v, then to %v, %v", s, attrs, again, err)
		}
	})
}

func TestCursor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		isk, pk, sk := rapid.String().Draw(t, "index"), rapid.String().Draw(t, "partition"), rapid.String().Draw(t, "sort")
		c := cursor(store.Query{Index: store.ByOwner}, store.Item{Key: store.Key{PK: pk, SK: sk}, Attrs: store.Attrs{{Name: store.ByOwner.SK, Value: store.S(isk)}}})
		if got, err := parseCursor(c); err != nil || got != [3]string{isk, pk, sk} {
			t.Fatalf("%q gives %q, %v", c, got, err)
		}
	})
	for _, bad := range []string{"", "x", "1,1", "1,1:a", "-1,1:abc", "1,-1:abc", "9999999999999999999,1:a", "3,1:abc", "a,b:c"} {
		if got, err := parseCursor(bad); err == nil {
			t.Errorf("%q gives %q", bad, got)
		}
	}
}
