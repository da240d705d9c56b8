package dbtest

import (
	"slices"
	"testing"

	"github.com/lib/pq"

	"ingot"
)

// PostgreSQL's arrays are a Valuer and Scanner of the text {a,b}, which drivers come with.
func TestArraysByValuerAndScanner(t *testing.T) {
	on(t, func(t *testing.T, base *database) {
		type Post struct {
			ID     int64          `ingot:"pk"`
			Tags   pq.StringArray `ingot:"type:text[]"`
			Scores pq.Int64Array  `ingot:"type:bigint[];null"`
		}
		db := base.ingot(t, Post{})
		ctx := t.Context()
		awkward := []string{"", "a,b", `quo"te`, `back\slash`, "{brace}", "NULL", "naïve 名"}
		first := &Post{Tags: awkward, Scores: pq.Int64Array{1, -2, 1 << 62}}
		posts := []*Post{first, {Tags: pq.StringArray{}}, {Tags: pq.StringArray{"one"}}}
		s := db.Session()
		defer s.Close()
		for _, p := range posts {
			if err := s.Add(p); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Commit(ctx); err != nil {
			t.Fatal(err)
		}
		first.Tags = append(slices.Clone(first.Tags), "more") // a flush sees what is inside
		posts[2].Tags[0] = "changed in place"
		if err := s.Commit(ctx); err != nil {
			t.Fatal(err)
		}
		for _, want := range posts {
			got, err := ingot.Get[Post](ctx, db, want.ID)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.Tags, want.Tags) || !slices.Equal(got.Scores, want.Scores) || (got.Scores == nil) != (want.Scores == nil) {
				t.Errorf("read %q %v, written %q %v", got.Tags, got.Scores, want.Tags, want.Scores)
			}
		}
		p := new(Post)
		n, err := ingot.Select(p).Where(ingot.Cond("? = ANY(?)", "more", ingot.C(&p.Tags))).Count(ctx, db)
		if err != nil || n != 1 {
			t.Errorf("%d posts have the tag, %v; want 1", n, err)
		}
	}, "postgres")
}
