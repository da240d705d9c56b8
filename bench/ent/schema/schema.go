// Package schema describes the tables of the workloads to ent.
package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
)

func table(name string) []schema.Annotation {
	return []schema.Annotation{entsql.Annotation{Table: name}}
}

// User is a row of bench_user.
type User struct{ ent.Schema }

func (User) Annotations() []schema.Annotation { return table("bench_user") }

func (User) Fields() []ent.Field {
	return []ent.Field{field.Int64("id"), field.String("name"), field.String("email"), field.Int64("age"), field.Bool("active"), field.Time("created_at")}
}

// Wide is a row of bench_wide.
type Wide struct{ ent.Schema }

func (Wide) Annotations() []schema.Annotation { return table("bench_wide") }

func (Wide) Fields() []ent.Field {
	return []ent.Field{field.Int64("id"), field.Int64("a"), field.Int64("b"), field.Float("c"), field.Bool("d"),
		field.String("e"), field.String("f"), field.String("g"), field.String("h").Optional().Nillable(),
		field.Int64("i").Optional().Nillable(), field.Time("at"), field.Time("until").Optional().Nillable()}
}

// Author is a row of bench_author.
type Author struct{ ent.Schema }

func (Author) Annotations() []schema.Annotation { return table("bench_author") }
func (Author) Fields() []ent.Field              { return []ent.Field{field.Int64("id"), field.String("name")} }
func (Author) Edges() []ent.Edge                { return []ent.Edge{edge.To("books", Book.Type)} }

// Book is a row of bench_book.
type Book struct{ ent.Schema }

func (Book) Annotations() []schema.Annotation { return table("bench_book") }

func (Book) Fields() []ent.Field {
	return []ent.Field{field.Int64("id"), field.Int64("author_id"), field.String("title"), field.Int64("pages")}
}

func (Book) Edges() []ent.Edge {
	return []ent.Edge{edge.From("author", Author.Type).Ref("books").Field("author_id").Unique().Required()}
}
