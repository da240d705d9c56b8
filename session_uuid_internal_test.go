package ingot

import (
	"bytes"
	"testing"
	"time"
)

func TestUUIDsSortInTheOrderTheyWereMade(t *testing.T) {
	var s uuidSource
	now := time.UnixMilli(1700000000123)
	var last [16]byte
	for i := range 10000 {
		if i == 5000 {
			now = now.Add(-time.Hour) // a clock set back
		}
		u := s.next(now)
		if bytes.Compare(last[:], u[:]) >= 0 {
			t.Fatalf("number %d: %x does not come after %x", i, u, last)
		}
		if u[6]>>4 != 7 || u[8]>>6 != 2 {
			t.Fatalf("%x is no UUID of version 7", u)
		}
		last = u
	}
	first := new(uuidSource).next(now)
	if text := uuidText(first); len(text) != 36 || text[:13] != "018bc"+text[5:13] && text[14] != '7' {
		t.Errorf("the text is %q", text)
	}
}
