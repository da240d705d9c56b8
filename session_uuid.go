package ingot

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"sync"
	"time"
)

// A uuidSource makes UUIDs of version 7 (RFC 9562, section 5.7): milliseconds since 1970,
// then a counter within the millisecond (section 6.2, method 1), then random bits. Keys
// made one after the other sort in that order, which keeps the ends of indexes hot, and no
// server has to be asked. It is safe for concurrent use; the zero value is ready.
type uuidSource struct {
	mu    sync.Mutex
	last  int64 // milliseconds of the last one
	count uint16
}

// next makes a UUID. A clock that goes back keeps counting in the latest millisecond.
func (s *uuidSource) next(now time.Time) (u [16]byte) {
	rand.Read(u[:]) // never fails
	s.mu.Lock()
	ms := now.UnixMilli()
	switch {
	case ms > s.last:
		// The counter begins low, so that a millisecond has room for many.
		s.last, s.count = ms, binary.BigEndian.Uint16(u[6:])&0x07FF
	case s.count == 0x0FFF:
		s.last, s.count = s.last+1, 0
	default:
		s.count++
	}
	ms, n := s.last, s.count
	s.mu.Unlock()
	binary.BigEndian.PutUint16(u[0:], uint16(ms>>32))
	binary.BigEndian.PutUint32(u[2:], uint32(ms))
	binary.BigEndian.PutUint16(u[6:], 0x7000|n)
	u[8] = u[8]&0x3F | 0x80
	return u
}

// fill puts a fresh UUID into the field at p: bytes where the column keeps bytes, text of
// the usual form otherwise.
func (s *uuidSource) fill(c *column, p addr, now time.Time) error {
	u := s.next(now)
	var v any = uuidText(u)
	if c.codec.class == classBytes {
		v = u[:]
	}
	if err := c.codec.load(p, v); err != nil {
		return c.valueError(err)
	}
	return nil
}

func uuidText(u [16]byte) string {
	b := make([]byte, 0, 36)
	for i, part := range [][]byte{u[:4], u[4:6], u[6:8], u[8:10], u[10:]} {
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, part)
	}
	return string(b)
}
