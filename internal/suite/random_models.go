package suite

import (
	"context"
	"reflect"

	"ingot"
)

// The models of the random test, in shapes: sets of models that a program works on. Beside
// them stands what the oracle has to know: it must not ask the library how it reads tags.

// A shape is a set of models.
type shape struct {
	name  string
	kinds []*kind // parents before children
	edges []*edge
	nets  []*net
}

// A kind is one model. Every kind has a Label.
type kind struct {
	name   string // of its table
	model  any
	typ    reflect.Type
	key    []string
	auto   bool     // the key is generated
	vals   []string // fields that programs edit
	unique string   // the one of them whose values differ from row to row; empty if none does
	pair   bool     // the key is the rows it refers to
	fresh  map[string]string
	twice  bool // it has a Score, and Twice generated from it

	all   func(ctx context.Context, r ingot.Runner, loads []string) ([]any, error)
	get   func(ctx context.Context, s *ingot.Session, key []any) (any, error)
	merge func(ctx context.Context, s *ingot.Session, x any, fields []any) (any, error)
}

// An edge is a foreign key with what stands on both of its ends.
type edge struct {
	child, parent *kind
	ref, coll     string   // the child's pointer, and the parent's collection or pointer; empty if there is none
	fk, to        []string // the fields that the key is in, and those it refers to
	same          string   // a field that both have to agree in besides
	one           bool     // one-to-one
	required      bool     // the key cannot be NULL
	orphan        bool     // delete-orphan
	cascade       bool     // children go with their parent
	passive       bool     // by the database's doing
	ordered       bool     // the collection keeps its order
}

// A net is a many-to-many relationship.
type net struct {
	a, b              *kind
	ofA, ofB          string // their collections
	table, colA, colB string
}

func kindOf[T any](table string, vals ...string) *kind {
	k := &kind{name: table, model: *new(T), typ: reflect.TypeFor[T](), key: []string{"ID"}, auto: true, vals: append(vals, "Label")}
	k.all = func(ctx context.Context, r ingot.Runner, loads []string) ([]any, error) {
		x := new(T)
		q := ingot.Select(x)
		for _, field := range loads {
			q = q.Load(addressOf(x, field))
		}
		xs, err := q.All(ctx, r)
		return anys(xs), err
	}
	k.get = func(ctx context.Context, s *ingot.Session, key []any) (any, error) {
		return ingot.Get[T](ctx, s, key...)
	}
	k.merge = func(ctx context.Context, s *ingot.Session, x any, fields []any) (any, error) {
		return ingot.Merge(ctx, s, x.(*T), fields...)
	}
	return k
}

// natural gives a kind a key that programs set and change.
func (k *kind) natural(unique string, key ...string) *kind {
	k.unique, k.key, k.auto = unique, key, false
	return k
}

func anys[T any](xs []*T) []any {
	list := make([]any, len(xs))
	for i, x := range xs {
		list[i] = x
	}
	return list
}

// down and up look edges up by their ends.
func (sh *shape) down(parent *kind) (list []*edge) {
	for _, e := range sh.edges {
		if e.parent == parent {
			list = append(list, e)
		}
	}
	return list
}

func (sh *shape) up(child *kind) (list []*edge) {
	for _, e := range sh.edges {
		if e.child == child {
			list = append(list, e)
		}
	}
	return list
}

// relations lists the relationship fields of a kind.
func (sh *shape) relations(k *kind) (fields []string) {
	for _, e := range sh.edges {
		if e.child == k && e.ref != "" {
			fields = append(fields, e.ref)
		}
		if e.parent == k && e.coll != "" {
			fields = append(fields, e.coll)
		}
	}
	for _, n := range sh.nets {
		if n.a == k {
			fields = append(fields, n.ofA)
		}
		if n.b == k {
			fields = append(fields, n.ofB)
		}
	}
	return fields
}

// Optional and required many-to-one, one-to-one, many-to-many, defaults, generated columns
// and versions.
type (
	rTeam struct {
		_       struct{} `ingot:"table:team"`
		ID      int64    `ingot:"pk"`
		Label   string
		Members []*rMember `ingot:"inverse:Team"`
	}
	rMember struct {
		_      struct{} `ingot:"table:member"`
		ID     int64    `ingot:"pk"`
		Label  string
		Note   *string
		Rev    int64    `ingot:"version"`
		TeamID *int64   `ingot:"fk:team.id"`
		Team   *rTeam   `ingot:"inverse:Members"`
		Items  []*rItem `ingot:"inverse:Owner;cascade:all,delete-orphan"`
		Badge  *rBadge  `ingot:"inverse:Member;cascade:all,delete-orphan"`
		Tags   []*rTag  `ingot:"through:member_tag;inverse:Members"`
	}
	rItem struct {
		_       struct{} `ingot:"table:item"`
		ID      int64    `ingot:"pk"`
		Label   string
		Grade   string `ingot:"omitzero;default:'c'"`
		Score   int64
		Twice   int64    `ingot:"generated:score * 2"`
		OwnerID int64    `ingot:"fk:member.id"`
		Owner   *rMember `ingot:"inverse:Items"`
	}
	rBadge struct {
		_        struct{} `ingot:"table:badge"`
		ID       int64    `ingot:"pk"`
		Label    string
		MemberID int64    `ingot:"fk:member.id;unique"`
		Member   *rMember `ingot:"inverse:Badge"`
	}
	rTag struct {
		_       struct{} `ingot:"table:tag"`
		ID      int64    `ingot:"pk"`
		Label   string
		Rev     int64      `ingot:"version"`
		Members []*rMember `ingot:"inverse:Tags"`
	}
)

// Natural keys that change, a composite one that is part of another's, and a foreign key to
// a unique column.
type (
	rLand struct {
		_      struct{} `ingot:"table:land"`
		Code   string   `ingot:"pk;size:40"`
		Label  string
		Cities []*rCity `ingot:"inverse:Land"`
		Laws   []*rLaw  `ingot:"inverse:Land;cascade:all"`
	}
	rCity struct {
		_        struct{} `ingot:"table:city"`
		ID       int64    `ingot:"pk"`
		Label    string
		LandCode *string `ingot:"size:40;fk:land.code;onupdate:cascade"`
		Land     *rLand  `ingot:"inverse:Cities"`
	}
	rLaw struct {
		_        struct{} `ingot:"table:law"`
		LandCode string   `ingot:"pk;size:40;fk:land.code;onupdate:cascade"`
		No       int64    `ingot:"pk"`
		Label    string
		Land     *rLand     `ingot:"inverse:Laws"`
		Clauses  []*rClause `ingot:"inverse:Law;cascade:all,delete-orphan"`
	}
	rClause struct {
		_       struct{} `ingot:"table:clause;fk:law_land,law_no->law.land_code,no;onupdate:cascade"`
		ID      int64    `ingot:"pk"`
		Label   string
		LawLand string `ingot:"size:40"`
		LawNo   int64
		Law     *rLaw `ingot:"inverse:Clauses"`
	}
	rAccount struct {
		_       struct{} `ingot:"table:account"`
		ID      int64    `ingot:"pk"`
		Label   string
		Email   string     `ingot:"unique;size:40"`
		Letters []*rLetter `ingot:"inverse:Account"`
	}
	rLetter struct {
		_            struct{} `ingot:"table:letter"`
		ID           int64    `ingot:"pk"`
		Label        string
		AccountEmail *string   `ingot:"size:40;fk:account.email;onupdate:cascade"`
		Account      *rAccount `ingot:"inverse:Letters"`
	}
)

// Two composite foreign keys that share a column, two possible parents with delete-orphan,
// and two relationships between the same two models.
type (
	rClerk struct {
		_      struct{} `ingot:"table:clerk;pk:tenant,no"`
		Tenant int64
		No     int64
		Label  string
		Owned  []*rTicket `ingot:"inverse:Owner"`
		Led    []*rTicket `ingot:"inverse:Lead"`
	}
	rTicket struct {
		_       struct{} `ingot:"table:ticket;fk:tenant,owner_no->clerk.tenant,no;onupdate:cascade;fk:tenant,lead_no->clerk.tenant,no;onupdate:cascade"`
		ID      int64    `ingot:"pk"`
		Tenant  int64
		Label   string
		OwnerNo *int64
		LeadNo  *int64
		Owner   *rClerk `ingot:"inverse:Owned;via:OwnerNo"`
		Lead    *rClerk `ingot:"inverse:Led;via:LeadNo"`
	}
	rBox struct {
		_     struct{} `ingot:"table:box"`
		ID    int64    `ingot:"pk"`
		Label string
		Parts []*rPart `ingot:"inverse:Box;cascade:all,delete-orphan"`
	}
	rBag struct {
		_     struct{} `ingot:"table:bag"`
		ID    int64    `ingot:"pk"`
		Label string
		Parts []*rPart `ingot:"inverse:Bag;cascade:all,delete-orphan"`
	}
	rPart struct {
		_     struct{} `ingot:"table:part"`
		ID    int64    `ingot:"pk"`
		Label string
		BoxID *int64 `ingot:"fk:box.id"`
		BagID *int64 `ingot:"fk:bag.id"`
		Box   *rBox  `ingot:"inverse:Parts"`
		Bag   *rBag  `ingot:"inverse:Parts"`
	}
	rClub struct {
		_     struct{} `ingot:"table:club"`
		ID    int64    `ingot:"pk"`
		Label string
		Home  []*rMatch `ingot:"inverse:Host;cascade:all"`
		Away  []*rMatch `ingot:"inverse:Guest"`
	}
	rMatch struct {
		_       struct{} `ingot:"table:game"`
		ID      int64    `ingot:"pk"`
		Label   string
		HostID  int64  `ingot:"fk:club.id"`
		GuestID *int64 `ingot:"fk:club.id"`
		Host    *rClub `ingot:"inverse:Home;via:HostID"`
		Guest   *rClub `ingot:"inverse:Away;via:GuestID"`
	}
)

// References of models to themselves: a tree that goes with its root and one that does not,
// a chain, a graph.
type (
	rNode struct {
		_        struct{} `ingot:"table:node"`
		ID       int64    `ingot:"pk"`
		Label    string
		ParentID *int64   `ingot:"fk:node.id"`
		Parent   *rNode   `ingot:"inverse:Children"`
		Children []*rNode `ingot:"inverse:Parent;cascade:all"`
	}
	rUnit struct {
		_      struct{} `ingot:"table:unit"`
		ID     int64    `ingot:"pk"`
		Label  string
		OverID *int64   `ingot:"fk:unit.id"`
		Over   *rUnit   `ingot:"inverse:Under"`
		Under  []*rUnit `ingot:"inverse:Over"`
	}
	rStop struct {
		_      struct{} `ingot:"table:stop"`
		ID     int64    `ingot:"pk"`
		Label  string
		PrevID *int64 `ingot:"fk:stop.id;unique"`
		Prev   *rStop `ingot:"inverse:Next;via:PrevID"`
		Next   *rStop `ingot:"inverse:Prev"`
	}
	rUser struct {
		_         struct{} `ingot:"table:fan"`
		ID        int64    `ingot:"pk"`
		Label     string
		Follows   []*rUser `ingot:"through:follow(fan_id,idol_id);inverse:Followers"`
		Followers []*rUser `ingot:"through:follow(idol_id,fan_id);inverse:Follows"`
	}
)

// Ordered collections, association objects, many-to-many through a mapped table, tables that
// refer to each other, and children that the database takes along.
type (
	rList struct {
		_       struct{} `ingot:"table:list"`
		ID      int64    `ingot:"pk"`
		Label   string
		Entries []*rEntry `ingot:"inverse:List;cascade:all,delete-orphan;position:Place"`
	}
	rEntry struct {
		_      struct{} `ingot:"table:entry"`
		ID     int64    `ingot:"pk"`
		Label  string
		Place  int64
		ListID int64  `ingot:"fk:list.id"`
		List   *rList `ingot:"inverse:Entries"`
	}
	rOrder struct {
		_     struct{} `ingot:"table:purchase"`
		ID    int64    `ingot:"pk"`
		Label string
		Lines []*rLine `ingot:"inverse:Order;cascade:all,delete-orphan"`
	}
	rProduct struct {
		_     struct{} `ingot:"table:product"`
		ID    int64    `ingot:"pk"`
		Label string
		Lines []*rLine `ingot:"inverse:Product;cascade:all"`
	}
	rLine struct {
		_         struct{} `ingot:"table:line"`
		OrderID   int64    `ingot:"pk;fk:purchase.id"`
		ProductID int64    `ingot:"pk;fk:product.id"`
		Label     string
		Note      *string
		Order     *rOrder   `ingot:"inverse:Lines"`
		Product   *rProduct `ingot:"inverse:Lines"`
	}
	rGuest struct {
		_       struct{} `ingot:"table:guest"`
		ID      int64    `ingot:"pk"`
		Label   string
		Parties []*rParty `ingot:"through:rInvite;inverse:Guests"`
	}
	rParty struct {
		_      struct{} `ingot:"table:party"`
		ID     int64    `ingot:"pk"`
		Label  string
		Guests []*rGuest `ingot:"through:rInvite;inverse:Parties"`
	}
	rInvite struct {
		_       struct{} `ingot:"table:invite"`
		GuestID int64    `ingot:"pk;fk:guest.id"`
		PartyID int64    `ingot:"pk;fk:party.id"`
		Note    *string
	}
	rDept struct {
		_      struct{} `ingot:"table:dept"`
		ID     int64    `ingot:"pk"`
		Label  string
		HeadID *int64     `ingot:"fk:person.id"`
		Head   *rPerson   `ingot:"inverse:Heads"`
		Staff  []*rPerson `ingot:"inverse:Dept;cascade:all"`
	}
	rPerson struct {
		_      struct{} `ingot:"table:person"`
		ID     int64    `ingot:"pk"`
		Label  string
		DeptID int64    `ingot:"fk:dept.id"`
		Dept   *rDept   `ingot:"inverse:Staff"`
		Heads  []*rDept `ingot:"inverse:Head"`
	}
	rRoot struct {
		_      struct{} `ingot:"table:root"`
		ID     int64    `ingot:"pk"`
		Label  string
		Leaves []*rLeaf  `ingot:"inverse:Root;cascade:all;passive-deletes"`
		Guests []*rVisit `ingot:"inverse:Root;passive-deletes"`
	}
	rLeaf struct {
		_      struct{} `ingot:"table:leaf"`
		ID     int64    `ingot:"pk"`
		Label  string
		RootID int64  `ingot:"fk:root.id;ondelete:cascade"`
		Root   *rRoot `ingot:"inverse:Leaves"`
	}
	rVisit struct {
		_      struct{} `ingot:"table:visit"`
		ID     int64    `ingot:"pk"`
		Label  string
		RootID *int64 `ingot:"fk:root.id;ondelete:set null"`
		Root   *rRoot `ingot:"inverse:Guests"`
	}
)

// shapes are made anew for each test: they hold nothing, but nothing may change them.
func shapes() []*shape {
	id := []string{"ID"}
	team, member, item := kindOf[rTeam]("team"), kindOf[rMember]("member", "Note"), kindOf[rItem]("item", "Grade", "Score")
	badge, tag := kindOf[rBadge]("badge"), kindOf[rTag]("tag")
	item.twice = true
	item.fresh = map[string]string{"Grade": "c"}
	crew := &shape{name: "crew", kinds: []*kind{team, member, item, badge, tag}, edges: []*edge{
		{child: member, parent: team, ref: "Team", coll: "Members", fk: []string{"TeamID"}, to: id},
		{child: item, parent: member, ref: "Owner", coll: "Items", fk: []string{"OwnerID"}, to: id, required: true, orphan: true, cascade: true},
		{child: badge, parent: member, ref: "Member", coll: "Badge", fk: []string{"MemberID"}, to: id, one: true, required: true, orphan: true, cascade: true},
	}, nets: []*net{{a: member, b: tag, ofA: "Tags", ofB: "Members", table: "member_tag", colA: "r_member_id", colB: "r_tag_id"}}}

	land, city := kindOf[rLand]("land", "Code").natural("Code", "Code"), kindOf[rCity]("city")
	law, clause := kindOf[rLaw]("law", "No").natural("No", "LandCode", "No"), kindOf[rClause]("clause")
	account, letter := kindOf[rAccount]("account", "Email"), kindOf[rLetter]("letter")
	account.unique = "Email"
	natural := &shape{name: "natural keys", kinds: []*kind{land, city, law, clause, account, letter}, edges: []*edge{
		{child: city, parent: land, ref: "Land", coll: "Cities", fk: []string{"LandCode"}, to: []string{"Code"}},
		{child: law, parent: land, ref: "Land", coll: "Laws", fk: []string{"LandCode"}, to: []string{"Code"}, required: true, cascade: true},
		{child: clause, parent: law, ref: "Law", coll: "Clauses", fk: []string{"LawLand", "LawNo"}, to: []string{"LandCode", "No"}, required: true, orphan: true, cascade: true},
		{child: letter, parent: account, ref: "Account", coll: "Letters", fk: []string{"AccountEmail"}, to: []string{"Email"}},
	}}

	clerk, ticket := kindOf[rClerk]("clerk", "No").natural("No", "Tenant", "No"), kindOf[rTicket]("ticket")
	box, bag, part := kindOf[rBox]("box"), kindOf[rBag]("bag"), kindOf[rPart]("part")
	club, match := kindOf[rClub]("club"), kindOf[rMatch]("game")
	parents := &shape{name: "several parents", kinds: []*kind{clerk, ticket, box, bag, part, club, match}, edges: []*edge{
		{child: ticket, parent: clerk, ref: "Owner", coll: "Owned", fk: []string{"OwnerNo"}, to: []string{"No"}, same: "Tenant"},
		{child: ticket, parent: clerk, ref: "Lead", coll: "Led", fk: []string{"LeadNo"}, to: []string{"No"}, same: "Tenant"},
		{child: part, parent: box, ref: "Box", coll: "Parts", fk: []string{"BoxID"}, to: id, orphan: true, cascade: true},
		{child: part, parent: bag, ref: "Bag", coll: "Parts", fk: []string{"BagID"}, to: id, orphan: true, cascade: true},
		{child: match, parent: club, ref: "Host", coll: "Home", fk: []string{"HostID"}, to: id, required: true, cascade: true},
		{child: match, parent: club, ref: "Guest", coll: "Away", fk: []string{"GuestID"}, to: id},
	}}

	node, unit, stop, user := kindOf[rNode]("node"), kindOf[rUnit]("unit"), kindOf[rStop]("stop"), kindOf[rUser]("fan")
	selves := &shape{name: "self-references", kinds: []*kind{node, unit, stop, user}, edges: []*edge{
		{child: node, parent: node, ref: "Parent", coll: "Children", fk: []string{"ParentID"}, to: id, cascade: true},
		{child: unit, parent: unit, ref: "Over", coll: "Under", fk: []string{"OverID"}, to: id},
		{child: stop, parent: stop, ref: "Prev", coll: "Next", fk: []string{"PrevID"}, to: id, one: true},
	}, nets: []*net{{a: user, b: user, ofA: "Follows", ofB: "Followers", table: "follow", colA: "fan_id", colB: "idol_id"}}}

	list, entry := kindOf[rList]("list"), kindOf[rEntry]("entry")
	order, product, line := kindOf[rOrder]("purchase"), kindOf[rProduct]("product"), kindOf[rLine]("line", "Note").natural("", "OrderID", "ProductID")
	line.pair = true
	guest, party := kindOf[rGuest]("guest"), kindOf[rParty]("party")
	ordered := &shape{name: "order and association", kinds: []*kind{list, entry, order, product, line, guest, party}, edges: []*edge{
		{child: entry, parent: list, ref: "List", coll: "Entries", fk: []string{"ListID"}, to: id, required: true, orphan: true, cascade: true, ordered: true},
		{child: line, parent: order, ref: "Order", coll: "Lines", fk: []string{"OrderID"}, to: id, required: true, orphan: true, cascade: true},
		{child: line, parent: product, ref: "Product", coll: "Lines", fk: []string{"ProductID"}, to: id, required: true, cascade: true},
	}, nets: []*net{{a: guest, b: party, ofA: "Parties", ofB: "Guests", table: "invite", colA: "guest_id", colB: "party_id"}}}

	dept, person := kindOf[rDept]("dept"), kindOf[rPerson]("person")
	root, leaf, visit := kindOf[rRoot]("root"), kindOf[rLeaf]("leaf"), kindOf[rVisit]("visit")
	cyclic := &shape{name: "cyclic and passive", kinds: []*kind{dept, person, root, leaf, visit}, edges: []*edge{
		{child: dept, parent: person, ref: "Head", coll: "Heads", fk: []string{"HeadID"}, to: id},
		{child: person, parent: dept, ref: "Dept", coll: "Staff", fk: []string{"DeptID"}, to: id, required: true, cascade: true},
		{child: leaf, parent: root, ref: "Root", coll: "Leaves", fk: []string{"RootID"}, to: id, required: true, cascade: true, passive: true},
		{child: visit, parent: root, ref: "Root", coll: "Guests", fk: []string{"RootID"}, to: id, passive: true},
	}}
	return []*shape{crew, natural, parents, selves, ordered, cyclic}
}

// shapeModels are the models of all shapes.
func shapeModels(shs []*shape) []any {
	models := []any{rInvite{}}
	for _, sh := range shs {
		for _, k := range sh.kinds {
			models = append(models, k.model)
		}
	}
	return models
}
