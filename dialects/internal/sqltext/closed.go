package sqltext

// Closed reports whether every bracket and quote of an expression is closed and no statement
// ends in it, so that it can stand inside of brackets without breaking out of them.
func (r Rules) Closed(text string) bool {
	tokens, ok := r.Tokens(text)
	depth := 0
	for _, t := range tokens {
		switch {
		case t.Is("("):
			depth++
		case t.Is(")"):
			depth--
		}
		if depth < 0 || t.Is(";") {
			return false
		}
	}
	return ok && depth == 0
}
