package versions

import "ingot"

// Add nicknames
//
// Revision ae1027a6acf8, after 27c6a30d7c24, written 2026-11-22 15:52 UTC.
var _ = Versions.Add(ingot.Revision{
	ID:      "ae1027a6acf8",
	Parents: []string{"27c6a30d7c24"},
	Message: "Add nicknames",
	Upgrade: []ingot.Step{
		ingot.AddColumn{
			Table:  ingot.TableName{Name: "user_account"},
			Column: ingot.Column{Name: "nickname", Type: "varchar(20)", Null: true},
		},
	},
	// Downgrade: where it is not written out, it is Upgrade backwards, each step reversed.
})
