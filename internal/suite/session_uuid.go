package suite

import (
	"encoding/hex"
	"errors"
	"testing"

	"ingot"
)

// A token is a UUID type as applications have them.
type token [16]byte

func (t token) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, t[:]), nil }

func (t *token) UnmarshalText(b []byte) error {
	b = bytesOnly(b)
	if len(b) != 32 {
		return errors.New("no token")
	}
	_, err := hex.Decode(t[:], b)
	return err
}

func bytesOnly(b []byte) (out []byte) {
	for _, c := range b {
		if c != '-' {
			out = append(out, c)
		}
	}
	return out
}

func (on Database) TestUUIDKeysAreMadeAtFlushAndTakenBackByRollback(t *testing.T) {
	type Leaf struct {
		ID     string `ingot:"pk;uuidv7"`
		TreeID token  `ingot:"fk:tree.id"`
	}
	type Tree struct {
		ID     token   `ingot:"pk;uuidv7"`
		Raw    []byte  `ingot:"uuidv7"`
		Leaves []*Leaf `ingot:"cascade:all,delete-orphan"`
	}
	db, _ := on.open(t, ingot.Options{}, Tree{}, Leaf{})
	s := db.Session()
	defer s.Close()
	a, b := &Tree{Leaves: []*Leaf{{}, {}}}, &Tree{}
	s.AddAll(a, b)
	if err := s.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a.ID == (token{}) || a.ID == b.ID || len(a.Raw) != 16 || a.Leaves[0].TreeID != a.ID || len(a.Leaves[0].ID) != 36 || a.Leaves[0].ID >= a.Leaves[1].ID {
		t.Errorf("after the flush: %s and %s", ingot.Sprint(a), ingot.Sprint(b))
	}
	if err := s.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a.ID != (token{}) || a.Raw != nil || a.Leaves[0].ID != "" {
		t.Errorf("after the rollback: %s", ingot.Sprint(a))
	}
	s.AddAll(a, b)
	if err := s.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := ingot.Get[Tree](t.Context(), db, a.ID)
	if err != nil || got.ID != a.ID {
		t.Errorf("Get(%x) = %v, %v", a.ID, got, err)
	}
}
