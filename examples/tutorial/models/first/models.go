// Package first holds the tutorial's models as they were when the first revision was
// written. A real program keeps only the latest; the tutorial shows both.
package first

import "ingot"

// A User has a name and any number of addresses.
type User struct {
	_         struct{}   `ingot:"table:user_account"`
	ID        int64      `ingot:"pk"`
	Name      string     `ingot:"size:30"`
	Fullname  *string    // NULL where unknown
	Addresses []*Address `ingot:"inverse:User;cascade:all,delete-orphan"`
}

// An Address belongs to one user and goes when the user goes.
type Address struct {
	_            struct{} `ingot:"table:address"`
	ID           int64    `ingot:"pk"`
	EmailAddress string
	UserID       int64 `ingot:"fk:user_account.id"`
	User         *User `ingot:"inverse:Addresses"`
}

// Models is the metadata.
var Models = ingot.MustModels(User{}, Address{})
