package suite

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
	"time"

	"ingot"
)

type (
	textShelf struct {
		_     struct{} `ingot:"table:shelf"`
		Key   string   `ingot:"pk;size:40"`
		Note  string
		Books []*textBook `ingot:"cascade:all,delete-orphan"`
	}
	textBook struct {
		_     struct{} `ingot:"table:book"`
		ID    int64    `ingot:"pk"`
		Shelf string   `ingot:"fk:shelf.key;size:40"`
	}
	timeShelf struct {
		_     struct{}  `ingot:"table:shelf"`
		Key   time.Time `ingot:"pk"`
		Note  string
		Books []*timeBook `ingot:"cascade:all,delete-orphan"`
	}
	timeBook struct {
		_     struct{}  `ingot:"table:book"`
		ID    int64     `ingot:"pk"`
		Shelf time.Time `ingot:"fk:shelf.key"`
	}
	uuidShelf struct {
		_     struct{} `ingot:"table:shelf"`
		Key   kindUUID `ingot:"pk"`
		Note  string
		Books []*uuidBook `ingot:"cascade:all,delete-orphan"`
	}
	uuidBook struct {
		_     struct{} `ingot:"table:book"`
		ID    int64    `ingot:"pk"`
		Shelf kindUUID `ingot:"fk:shelf.key"`
	}
	bytesShelf struct {
		_     struct{} `ingot:"table:shelf"`
		Key   []byte   `ingot:"pk"`
		Note  string
		Books []*bytesBook `ingot:"cascade:all,delete-orphan"`
	}
	bytesBook struct {
		_     struct{} `ingot:"table:book"`
		ID    int64    `ingot:"pk"`
		Shelf []byte   `ingot:"fk:shelf.key"`
	}
	decimalShelf struct {
		_     struct{} `ingot:"table:shelf"`
		Key   string   `ingot:"pk;precision:10,2"`
		Note  string
		Books []*decimalBook `ingot:"cascade:all,delete-orphan"`
	}
	decimalBook struct {
		_     struct{} `ingot:"table:book"`
		ID    int64    `ingot:"pk"`
		Shelf string   `ingot:"fk:shelf.key;precision:10,2"`
	}
)

func (on Database) TestNaturalKeysOfText(t *testing.T) {
	db, _ := on.open(t, ingot.Options{}, textShelf{}, textBook{})
	natural(t, db, []string{"it's", "ünïcode 🧱", `a\b"c`, "a", "aa"}, func(k, note string, books int) *textShelf {
		x := &textShelf{Key: k, Note: note}
		for range books {
			x.Books = append(x.Books, new(textBook))
		}
		return x
	}, func(x *textShelf) (string, *string, int) { return x.Key, &x.Note, len(x.Books) }, func(x *textShelf) any { return &x.Books })
}

func (on Database) TestNaturalKeysOfTime(t *testing.T) {
	db, _ := on.open(t, ingot.Options{}, timeShelf{}, timeBook{})
	at := time.Date(2026, 11, 22, 13, 0, 0, 123456789, time.FixedZone("east", 3600))
	natural(t, db, []time.Time{at, at.Add(time.Microsecond), at.Truncate(time.Second), time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC), time.Date(2026, 3, 29, 2, 30, 0, 0, time.UTC)}, func(k time.Time, note string, books int) *timeShelf {
		x := &timeShelf{Key: k, Note: note}
		for range books {
			x.Books = append(x.Books, new(timeBook))
		}
		return x
	}, func(x *timeShelf) (time.Time, *string, int) { return x.Key, &x.Note, len(x.Books) }, func(x *timeShelf) any { return &x.Books })
}

func (on Database) TestNaturalKeysOfUUIDs(t *testing.T) {
	db, _ := on.open(t, ingot.Options{}, uuidShelf{}, uuidBook{})
	natural(t, db, []kindUUID{{1}, {15: 1}, {0xff, 0xfe, 0, 1}, {'a'}, {'A'}}, func(k kindUUID, note string, books int) *uuidShelf {
		x := &uuidShelf{Key: k, Note: note}
		for range books {
			x.Books = append(x.Books, new(uuidBook))
		}
		return x
	}, func(x *uuidShelf) (kindUUID, *string, int) { return x.Key, &x.Note, len(x.Books) }, func(x *uuidShelf) any { return &x.Books })
}

func (on Database) TestNaturalKeysOfBytes(t *testing.T) {
	db, _ := on.open(t, ingot.Options{}, bytesShelf{}, bytesBook{})
	natural(t, db, [][]byte{{0}, {0, 0}, {0xff, '\'', '\\'}, {'a'}, {'A'}}, func(k []byte, note string, books int) *bytesShelf {
		x := &bytesShelf{Key: bytes.Clone(k), Note: note}
		for range books {
			x.Books = append(x.Books, new(bytesBook))
		}
		return x
	}, func(x *bytesShelf) ([]byte, *string, int) { return x.Key, &x.Note, len(x.Books) }, func(x *bytesShelf) any { return &x.Books })
}

func (on Database) TestNaturalKeysOfDecimals(t *testing.T) {
	db, _ := on.open(t, ingot.Options{}, decimalShelf{}, decimalBook{})
	natural(t, db, []string{"1.50", "-0.01", "12345678.90", "1.05", "2.00"}, func(k, note string, books int) *decimalShelf {
		x := &decimalShelf{Key: k, Note: note}
		for range books {
			x.Books = append(x.Books, new(decimalBook))
		}
		return x
	}, func(x *decimalShelf) (string, *string, int) { return x.Key, &x.Note, len(x.Books) }, func(x *decimalShelf) any { return &x.Books })
}

// natural adds shelves with books under each of the keys, which are found again in a fresh
// session, changed, and deleted.
func natural[T, K any](t *testing.T, db *ingot.DB, keys []K, shelf func(key K, note string, books int) *T, of func(*T) (K, *string, int), books func(*T) any) {
	t.Helper()
	ctx := t.Context()
	s := db.Session()
	defer s.Close()
	var all []*T
	for i, k := range keys {
		all = append(all, shelf(k, "new", i+1))
		must(t, s.Add(all[i]))
	}
	must(t, s.Flush(ctx))
	for i, k := range keys {
		for _, k := range []any{k, first(of(all[i]))} { // as it was written and as it came back
			if x, err := ingot.Get[T](ctx, s, k); x != all[i] || err != nil {
				t.Errorf("Get(%#v) after the flush = %p, %v; want %p", k, x, err, all[i])
			}
		}
	}
	must(t, s.Commit(ctx))
	must(t, s.Close())

	fresh := db.Session()
	defer fresh.Close()
	s = fresh
	for i, k := range keys {
		x, err := ingot.Get[T](ctx, s, k)
		if err != nil {
			t.Fatalf("Get(%#v): %v", k, err)
		}
		must(t, s.Load(ctx, x, books(x)))
		key, note, n := of(x)
		if want := first(of(all[i])); !reflect.DeepEqual(key, want) || *note != "new" || n != i+1 {
			t.Errorf("Get(%#v) = %#v, %q with %d books; want %#v, new, %d books", k, key, *note, n, want, i+1)
		}
		if again, err := ingot.Get[T](ctx, s, k); again != x || err != nil {
			t.Errorf("Get(%#v) gives %p and then %p, %v", k, x, again, err)
		}
		*note = "changed"
	}
	v := new(T)
	list, err := ingot.Select(v).All(ctx, s) // flushes
	must(t, err)
	if len(list) != len(keys) {
		t.Errorf("a query finds %d shelves; want %d", len(list), len(keys))
	}
	for _, x := range list {
		key, note, _ := of(x)
		if known, err := ingot.Get[T](ctx, s, key); known != x || *note != "changed" || err != nil {
			t.Errorf("the query gives %p, %q for %#v, Get %p, %v", x, *note, key, known, err)
		}
	}
	must(t, s.Commit(ctx))
	wantRows(t, db, "SELECT DISTINCT note FROM shelf", "changed")
	for i, k := range keys {
		x, err := ingot.Get[T](ctx, s, k)
		must(t, err)
		must(t, s.Delete(x))
		if i == 0 {
			must(t, s.Commit(ctx))
			if _, err := ingot.Get[T](ctx, s, k); !errors.Is(err, ingot.ErrNotFound) {
				t.Errorf("Get(%#v) of a deleted row: %v", k, err)
			}
		}
	}
	must(t, s.Commit(ctx))
	wantRows(t, db, "SELECT note FROM shelf")
	n, err := ingot.SQL[int64](ctx, db, "SELECT count(*) FROM book")
	if err != nil || n[0] != 0 {
		t.Errorf("%d books are left, %v", n, err)
	}
}

func first[K any](k K, _ *string, _ int) K { return k }

func (on Database) TestKeysThatACollationTakesForEqual(t *testing.T) {
	if on.Dialect.Name() != "mysql" {
		t.Skip("its default collation tells 'a' from 'A'")
	}
	db, _ := on.open(t, ingot.Options{}, textShelf{}, textBook{})
	fk, err := ingot.SQL[string](t.Context(), db, "SELECT constraint_name FROM information_schema.referential_constraints WHERE constraint_schema = DATABASE()")
	must(t, err)
	mustExec(t, db, ingot.TrustedSQL("ALTER TABLE book DROP FOREIGN KEY "+fk[0]))
	for _, table := range []ingot.TrustedSQL{"ALTER TABLE book CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci", "ALTER TABLE shelf CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
		"ALTER TABLE book ADD CONSTRAINT fk_book_shelf FOREIGN KEY (shelf) REFERENCES shelf (`key`)"} {
		mustExec(t, db, table)
	}
	mustExec(t, db, "INSERT INTO shelf (`key`, note) VALUES ('a', ''), ('b', '')")
	mustExec(t, db, "INSERT INTO book (shelf) VALUES ('A')")
	s := db.Session()
	defer s.Close()
	x, err := ingot.Get[textShelf](t.Context(), s, "A")
	must(t, err)
	y, err := ingot.Get[textShelf](t.Context(), s, "a")
	must(t, err)
	z, err := ingot.Get[textShelf](t.Context(), s, "A")
	must(t, err)
	if x != y || x != z || x.Key != "a" {
		t.Errorf("Get of A, a and A gives %p, %p, %p with key %q; want one instance with a", x, y, z, x.Key)
	}
	v := new(textShelf)
	for _, r := range []ingot.Runner{db, s} {
		_, err = ingot.Select(v).OrderBy(ingot.C(&v.Key).Asc()).Load(&v.Books).All(t.Context(), r)
		wantErr(t, err, `loading textShelf.Books: for the key "a" a row with "A" came`)
	}
}

// A desk has a key of two parts, one of them text, and drawers that share it.
type (
	desk struct {
		Room    string `ingot:"pk;size:40"`
		Number  int    `ingot:"pk;noauto"`
		Note    string
		Drawers []*drawer `ingot:"inverse:Desk;cascade:all,delete-orphan"`
	}
	drawer struct {
		_      struct{} `ingot:"fk:room,number->desk.room,number"`
		Room   string   `ingot:"pk;size:40"`
		Number int      `ingot:"pk;noauto"`
		Label  string   `ingot:"pk;size:40"`
		Note   string
		Desk   *desk `ingot:"inverse:Drawers"`
	}
)

func (on Database) TestMergeFindsRowsByNaturalKeys(t *testing.T) {
	db, sent := on.open(t, ingot.Options{}, desk{}, drawer{}, textShelf{}, textBook{})
	ctx := t.Context()
	setup := db.Session()
	defer setup.Close()
	must(t, setup.AddAll(
		&desk{Room: "a", Number: 1, Note: "old", Drawers: []*drawer{{Label: "top", Note: "old"}, {Label: "low", Note: "old"}}},
		&desk{Room: "a", Note: "zero is a key"},
		&textShelf{Key: "it's", Note: "old"}))
	must(t, setup.Commit(ctx))

	s := db.Session()
	defer s.Close()
	sent.take()
	// A graph from elsewhere: one drawer changed, one new, one gone.
	got, err := ingot.Merge(ctx, s, &desk{Room: "a", Number: 1, Note: "new", Drawers: []*drawer{
		{Room: "a", Number: 1, Label: "top", Note: "new"}, {Room: "a", Number: 1, Label: "mid", Note: "new"}}})
	must(t, err)
	if n := len(sent.take("select")); n != 3 { // the desk, its drawers, the one that is not among them
		t.Errorf("sent %d SELECTs, want 3", n)
	}
	wantWrites(t, sent, s.Commit(ctx),
		"update desk(note) by room, number",
		"update drawer(note) by room, number, label",
		"insert drawer(room, number, label, note)",
		"delete drawer by room, number, label")
	if same, err := ingot.Get[desk](ctx, s, "a", 1); same != got || err != nil || len(got.Drawers) != 2 || got.Drawers[1].Desk != got {
		t.Errorf("Get = %p, %v; Merge gave %p, %+v", same, err, got, got)
	}
	wantRows(t, db, "SELECT concat(room, number, label, note) FROM drawer ORDER BY label", "a1midnew", "a1topnew")

	zero, err := ingot.Merge(ctx, s, &desk{Room: "a", Note: "changed"}) // a part that is zero counts
	if err != nil || s.State(zero) != ingot.Persistent {
		t.Errorf("Merge under a key with a zero = %v, %v", s.State(zero), err)
	}
	for _, shelf := range []*textShelf{{Key: "it's", Note: "new"}, {Key: "its", Note: "added"}} {
		must(t, ignore(ingot.Merge(ctx, s, shelf)))
	}
	sent.take()
	wantWrites(t, sent, s.Commit(ctx), "update desk(note) by room, number", "update shelf(note) by key", "insert shelf(key, note)")
	wantRows(t, db, "SELECT concat(room, number, note) FROM desk ORDER BY number", "a0changed", "a1new")
	wantRows(t, db, "SELECT note FROM shelf ORDER BY note", "added", "new")
}
