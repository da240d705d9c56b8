package dbtest

import (
	"fmt"
	"strings"
	"testing"

	"ingot"
)

// The way of somebody who has a database already: its models are written, named in what init
// has written, and then they change. The rows stay.

// A takeover is an application with rows, and what becomes of its models: pairs of what is there
// and what it turns into.
type takeover struct {
	target, driver, app string
	rows                []string
	changes             []string
	steps               []string // what autogenerate finds
	kept                string   // a query whose answer stays
}

func TestAnApplicationIsTakenOver(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	rows := []string{"INSERT INTO company (name, tax_id) VALUES ('it''s', '1'), ('b', '2')", "INSERT INTO contact (company_id, mail) VALUES (1, 'a@b')",
		"INSERT INTO person (FamilyName, `select`, `from`) VALUES ('f', 1, 2)", "INSERT INTO project (code) VALUES ('x'), ('y')"}
	erp := takeover{app: "erp.mysql", driver: "github.com/go-sql-driver/mysql", rows: rows,
		changes: []string{
			"FamilyName string", "Surname string", "column:FamilyName;size:50", "size:60;was:FamilyName",
			"Select     *int32", "Chosen *int32 `ingot:\"was:select\"`", "`select` <", "chosen <", // which a check names
			"Archive{},", "Archive{}, Badge{},",
			"	Small *int8", "	// ",
			"Changed       *time.Time `ingot:\"type:timestamp(0)", "Changed       *time.Time `ingot:\"type:timestamp(0);comment:when", // with an ON UPDATE that no tag says
			"Born       *time.Time `ingot:\"type:date", "Born *time.Time `ingot:\"type:date;index",
			"Code  string   `ingot:\"", "Code  string   `ingot:\"check:code <> 'ä';",
		},
		steps: []string{"rename column person.FamilyName to surname", "rename column person.select to chosen", "create table badge", "alter column person.surname", "alter column company.changed", "create index ix_person_born", "add check ck_project_code", "drop column project.small"},
		kept:  "SELECT concat_ws('|', (SELECT group_concat(name, tax_id) FROM company), (SELECT group_concat(mail) FROM contact), (SELECT group_concat(code) FROM project), (SELECT group_concat(id, `from`) FROM person), (SELECT EXTRA FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND COLUMN_NAME = 'changed'))",
	}
	mysql, mariadb := erp, erp
	mysql.target, mariadb.target = "mysql", "mariadb"
	music := takeover{target: "sqlite", app: "music.sqlite", driver: "modernc.org/sqlite",
		rows: []string{"INSERT INTO Artist VALUES (1, 'it''s'), (2, NULL)", "INSERT INTO Album VALUES (1, 'Blue', 1), (2, 'Hejira', 2)", "INSERT INTO Employee (EmployeeId, LastName, Salary) VALUES (7, 'f', 5)",
			"INSERT INTO Customer (CustomerId, Email, SupportRepId) VALUES (1, 'a@b', 7)", "INSERT INTO Invoice VALUES (1, 1, 2.5)"},
		changes: []string{
			"Name     *string  `ingot:\"column:Name;type:NVARCHAR(120)", "Called *string `ingot:\"was:Name;type:NVARCHAR(120)",
			"Salary     *float32   `ingot:\"column:Salary", "Pay *float32 `ingot:\"was:Salary", "check:Salary >", "check:pay >", // which a check names
			"AB{},", "AB{}, Badge{},",
			"	OddType    *string", "	// ",
			"NVARCHAR(160)", "NVARCHAR(200)",
			"NUMERIC(10, 2);default:0", "NUMERIC(10, 2);default:0;index",
			"LastName   string     `ingot:\"", "LastName   string     `ingot:\"check:LastName <> 'ä';",
		},
		steps: []string{"rename column Artist.Name to called", "rename column Employee.Salary to pay", "create table badge", "alter column Album.Title", "create index ix_Invoice_Total", "add check ck_Employee_LastName", "drop column Employee.Odd Type"},
		kept:  "SELECT (SELECT group_concat(ArtistId) FROM Artist) || (SELECT group_concat(Title || ArtistId) FROM Album) || (SELECT group_concat(LastName || EmployeeId) FROM Employee) || (SELECT group_concat(CustomerId || Email || SupportRepId) FROM Customer) || (SELECT Total FROM Invoice)",
	}
	for _, x := range []takeover{music, mysql, mariadb} {
		t.Run(x.target, func(t *testing.T) { x.walk(t) })
	}
}

const badge = "\n// Badge is new.\ntype Badge struct {\n\tID int64 `ingot:\"pk\"`\n\tName string `ingot:\"size:30;unique;default:'it''s new'\"`\n\tNote *string\n}\n"

func (x takeover) walk(t *testing.T) {
	db := targetNamed(x.target).open(t)
	for _, text := range fixtureStatements(t, "testdata/schemas/"+x.app+".sql") {
		db.exec(t, strings.ReplaceAll(text, " /* CHECK ( */", "")) // which no tag can hold
	}
	db.exec(t, x.rows...)
	kept := func() (text string) {
		t.Helper()
		if err := db.QueryRowContext(t.Context(), x.kept+fmt.Sprintf(" /* %d */", count.Add(1))).Scan(&text); err != nil {
			t.Fatal(err)
		}
		return text
	}
	before := kept()

	p := newProgram(t, db.dsn, nil)
	app := func(code int, args string, wants ...string) string {
		t.Helper()
		return p.run(code, append([]string{"./app"}, strings.Fields(args)...), wants...)
	}
	build := func() { t.Helper(); p.run(0, []string{"go", "build", "-o", "app", "./migrations"}) }
	p.run(0, []string{"go", "run", "ingot/cmd/ingot", "init", "migrations", "-driver", x.driver}, "wrote migrations/main.go")
	build()
	app(0, "models --out models/models.go", "wrote models/models.go")
	p.edit("migrations/main.go", "// Models: models", "Models: models", "\t\"example.com/app/migrations/versions\"", "\t\"example.com/app/migrations/versions\"\n\t\"example.com/app/models\"")
	build()
	app(0, "check", "the same")
	app(0, "revision --autogenerate -m nothing", "no file written")

	p.edit("models/models.go", x.changes...)
	p.write("models/badge.go", "package models\n"+badge)
	build()
	app(ingot.ExitDiffers, "check", x.steps...)
	app(0, "revision --autogenerate -m five-ways", x.steps...)
	build()
	app(ingot.ExitBehind, "check")
	if x.target == "sqlite" { // which makes tables anew, and no revision says what they were
		app(ingot.ExitError, "upgrade head --sql", "a script needs to know the table")
	} else {
		app(0, "upgrade head --sql", "badge")
	}
	app(0, "upgrade head", "five-ways")
	app(0, "check", "the same")
	app(0, "revision --autogenerate -m again", "no file written")
	if after := kept(); after != before {
		t.Errorf("after upgrade the rows are %s, were %s", after, before)
	}
	app(0, "downgrade -1", "five-ways")
	app(ingot.ExitBehind, "check")
	if after := kept(); after != before {
		t.Errorf("after downgrade the rows are %s, were %s", after, before)
	}
	app(0, "upgrade head", "five-ways")
	app(0, "check", "the same")
	if after := kept(); after != before {
		t.Errorf("in the end the rows are %s, were %s", after, before)
	}
}
