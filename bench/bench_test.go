package main

import (
	"os"
	"testing"
)

// TestEveryImplementationDoesTheWork checks what each of them reads and leaves in the
// database, before anybody times it.
func TestEveryImplementationDoesTheWork(t *testing.T) {
	for _, kind := range []string{"sqlite", "pg"} {
		t.Run(kind, func(t *testing.T) {
			s, err := openStore(t.Context(), kind)
			if err != nil {
				if kind == "pg" && os.Getenv("CI") == "" {
					t.Skipf("no PostgreSQL: %v", err)
				}
				t.Fatal(err)
			}
			t.Cleanup(func() {
				s.db.Close()
				if err := s.drop(); err != nil {
					t.Error(err)
				}
			})
			ms, err := openAll(t.Context(), s, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range ms {
				t.Cleanup(func() { m.close() })
			}
			for _, w := range workloads {
				for _, m := range ms {
					counter := 0
					if _, err := once(t.Context(), s, w, m, &counter, true); err != nil && err != errMissing {
						t.Errorf("%s of %s: %v", w.name, m.name(), err)
					}
				}
			}
		})
	}
}
