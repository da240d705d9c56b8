package versions

import "ingot"

// Initial migration
//
// Revision 27c6a30d7c24, the first one, written 2026-11-22 15:51 UTC.
var _ = Versions.Add(ingot.Revision{
	ID:      "27c6a30d7c24",
	Message: "Initial migration",
	Upgrade: []ingot.Step{
		ingot.CreateTable{Table: ingot.Table{
			Name: "user_account",
			Columns: []ingot.Column{
				{Name: "id", Type: "bigint", Auto: true},
				{Name: "name", Type: "varchar(30)"},
				{Name: "fullname", Type: "text", Null: true},
			},
			PrimaryKey: ingot.PrimaryKey{Name: "pk_user_account", Columns: []string{"id"}},
		}},
		ingot.CreateTable{Table: ingot.Table{
			Name: "address",
			Columns: []ingot.Column{
				{Name: "id", Type: "bigint", Auto: true},
				{Name: "email_address", Type: "text"},
				{Name: "user_id", Type: "bigint"},
			},
			PrimaryKey: ingot.PrimaryKey{Name: "pk_address", Columns: []string{"id"}},
			ForeignKeys: []ingot.ForeignKey{
				{
					Name:       "fk_address_user_id_user_account",
					Columns:    []string{"user_id"},
					RefTable:   "user_account",
					RefColumns: []string{"id"},
				},
			},
		}},
	},
	// Downgrade: where it is not written out, it is Upgrade backwards, each step reversed.
})
