// Package models holds the tutorial's models as they are today.
package models

import "ingot"

// A User has a name and any number of addresses. Since the second revision it also has a
// nickname.
type User struct {
	_         struct{}   `ingot:"table:user_account"`
	ID        int64      `ingot:"pk"`
	Name      string     `ingot:"size:30"`
	Fullname  *string    // NULL where unknown
	Nickname  *string    `ingot:"size:20"`
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
