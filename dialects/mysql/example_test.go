package mysql_test

import (
	"fmt"

	"ingot"
	"ingot/dialects/mysql"
)

type Account struct {
	ID    int64          `ingot:"pk"`
	Email string         `ingot:"size:60;unique"`
	Mood  string         `ingot:"enum:sad,ok;default:'ok'"`
	Data  map[string]any `ingot:"json"`
}

// What MySQL is told of a model.
func ExampleDialect_DDL() {
	models := ingot.MustModels(Account{})
	schema, err := models.Schema(mysql.Dialect{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, step := range ingot.Compare(nil, schema) {
		statements, err := mysql.Dialect{}.DDL(step, nil, nil)
		if err != nil {
			fmt.Println(err)
		}
		for _, s := range statements {
			fmt.Println(s)
		}
	}
	// Output:
	// CREATE TABLE `account` (
	// 	`id` bigint NOT NULL AUTO_INCREMENT,
	// 	`email` varchar(60) NOT NULL,
	// 	`mood` enum('sad','ok') NOT NULL DEFAULT 'ok',
	// 	`data` json NOT NULL,
	// 	PRIMARY KEY (`id`),
	// 	CONSTRAINT `uq_account_email` UNIQUE (`email`)
	// ) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4
}

func ExampleDialect_SameText() {
	var d mysql.Dialect
	fmt.Println(d.SameText("lower(a) = 'x'", "(lcase(`a`) = _utf8mb4'x')"))
	fmt.Println(d.SameText("TRUE", "1"))
	fmt.Println(d.SameText("a > 1", "a > 2"))
	// Output:
	// true
	// true
	// false
}
