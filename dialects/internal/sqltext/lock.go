package sqltext

import (
	"errors"
	"fmt"

	"ingot"
)

// AppendLock writes the clause that locks the rows of a SELECT. share is how the server at
// hand spells a lock that others may share.
func AppendLock(b []byte, lock ingot.Lock, share string, srv *ingot.Server) ([]byte, error) {
	switch {
	case lock == ingot.Lock{}:
		return b, nil
	case lock.Update && lock.Share:
		return b, errors.New("a SELECT locks its rows FOR UPDATE or FOR SHARE, not both")
	case lock.SkipLocked && lock.NoWait:
		return b, errors.New("a locking SELECT takes SKIP LOCKED or NOWAIT, not both")
	case lock.SkipLocked && srv != nil && !srv.SkipLocked:
		return b, fmt.Errorf("%s has no SKIP LOCKED", srv)
	case lock.Update:
		b = append(b, " FOR UPDATE"...)
	case lock.Share:
		b = append(append(b, ' '), share...)
	default:
		return b, errors.New("SKIP LOCKED and NOWAIT need FOR UPDATE or FOR SHARE")
	}
	switch {
	case lock.SkipLocked:
		b = append(b, " SKIP LOCKED"...)
	case lock.NoWait:
		b = append(b, " NOWAIT"...)
	}
	return b, nil
}
