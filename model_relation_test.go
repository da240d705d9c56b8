package ingot

import (
	"fmt"
	"strings"
	"testing"
)

// describe tells the shape of a relation in one line.
func describe(r *relation) string {
	kind := [...]string{"many-to-one", "one-to-one", "one-to-many", "many-to-many"}[r.kind]
	s := fmt.Sprintf("%s %s %s(%s)", kind, strings.Join(namesOf(r.local), ","), r.target.table, strings.Join(namesOf(r.remote), ","))
	if r.link != nil {
		s += fmt.Sprintf(" through %s(%s->%s)", r.link.table, strings.Join(r.link.left, ","), strings.Join(r.link.right, ","))
	}
	if r.inverse != nil {
		s += " inverse " + r.inverse.field
	}
	return s
}

type shapeUser struct {
	_         struct{}        `ingot:"table:user"`
	ID        int64           `ingot:"pk"`
	Addresses []*shapeAddress `ingot:"inverse:User;cascade:all,delete-orphan;order:Street desc,id"`
	MainID    *int64          `ingot:"fk:address.id"`
	Main      *shapeAddress   `ingot:"cascade:none;post-update"`
	Profile   *shapeProfile   `ingot:"inverse:User"`
	Groups    []*shapeGroup   `ingot:"through:user_group;inverse:Users"`
	Friends   []*shapeUser    `ingot:"through:friends(user_id,friend_id);inverse:Fans"`
	Fans      []*shapeUser    `ingot:"inverse:Friends"`
	Tags      []*shapeTag     `ingot:"through:shapeUserTag;position:place"`
	Follows   []*shapeUser    `ingot:"through:follow;via:FollowerID;inverse:Followers"`
	Followers []*shapeUser    `ingot:"through:follow;via:FollowedID;inverse:Follows"`
}

type shapeAddress struct {
	_      struct{} `ingot:"table:address"`
	ID     int64    `ingot:"pk"`
	Street string
	UserID int64      `ingot:"fk:user.id"`
	User   *shapeUser // named from the other side only
}

type shapeProfile struct {
	_      struct{}   `ingot:"table:profile"`
	UserID int64      `ingot:"pk;fk:user.id"`
	User   *shapeUser `ingot:"inverse:Profile;cascade:all,delete-orphan"`
}

type shapeGroup struct {
	_     struct{}     `ingot:"table:groups;pk:tenant,no"`
	No    int64        `ingot:"noauto"`
	Tenan string       `ingot:"column:tenant"`
	Users []*shapeUser `ingot:"through:user_group(tenant,no->member)"`
}

type shapeTag struct {
	_    struct{} `ingot:"table:tag"`
	Name string   `ingot:"pk"`
}

type shapeUserTag struct {
	_      struct{} `ingot:"table:user_tag"`
	UserID int64    `ingot:"pk;fk:user.id"`
	Tag    string   `ingot:"pk;fk:tag.name"`
	Place  int
}

type shapeFollow struct {
	_          struct{} `ingot:"table:follow"`
	FollowerID int64    `ingot:"pk;fk:user.id"`
	FollowedID int64    `ingot:"pk;fk:user.id"`
}

type shapeNode struct {
	_        struct{} `ingot:"table:node"`
	ID       int64    `ingot:"pk"`
	ParentID *int64   `ingot:"fk:node.id"`
	PrevID   *int64   `ingot:"fk:node.id;unique"`
	Parent   *shapeNode
	Children []*shapeNode `ingot:"via:ParentID;inverse:Parent"`
	Prev     *shapeNode   `ingot:"via:PrevID;inverse:Next"`
	Next     *shapeNode
}

type shapeOrder struct {
	_      struct{} `ingot:"table:order;schema:shop;fk:group_tenant,group_no->groups.tenant,no;ondelete:cascade"`
	_      struct{} `ingot:"index:group_no desc nulls last,(lower(group_tenant));name:ix_x;unique:GroupNo,ID"`
	ID     int64    `ingot:"pk"`
	Tenant string   `ingot:"column:group_tenant"`
	shapeRef
	Group *shapeGroup
}

type shapeRef struct {
	GroupNo int64
}

func shapes(t *testing.T) *Models {
	t.Helper()
	ms, err := NewModels(shapeUser{}, shapeAddress{}, shapeProfile{}, shapeGroup{}, shapeTag{}, shapeUserTag{}, shapeFollow{}, shapeNode{}, shapeOrder{})
	if err != nil {
		t.Fatal(err)
	}
	return ms
}

func TestRelationShapes(t *testing.T) {
	want := map[string]string{
		"shapeUser.Addresses": "one-to-many id address(user_id) inverse User",
		"shapeUser.Main":      "many-to-one main_id address(id)",
		"shapeUser.Profile":   "one-to-one id profile(user_id) inverse User",
		"shapeUser.Groups":    "many-to-many id groups(tenant,no) through user_group(member->tenant,no) inverse Users",
		"shapeUser.Friends":   "many-to-many id user(id) through friends(user_id->friend_id) inverse Fans",
		"shapeUser.Fans":      "many-to-many id user(id) through friends(friend_id->user_id) inverse Friends",
		"shapeUser.Tags":      "many-to-many id tag(name) through user_tag(user_id->tag)",
		"shapeUser.Follows":   "many-to-many id user(id) through follow(follower_id->followed_id) inverse Followers",
		"shapeUser.Followers": "many-to-many id user(id) through follow(followed_id->follower_id) inverse Follows",
		"shapeAddress.User":   "many-to-one user_id user(id) inverse Addresses",
		"shapeProfile.User":   "many-to-one user_id user(id) inverse Profile",
		"shapeGroup.Users":    "many-to-many tenant,no user(id) through user_group(tenant,no->member) inverse Groups",
		"shapeNode.Parent":    "many-to-one parent_id node(id) inverse Children",
		"shapeNode.Children":  "one-to-many id node(parent_id) inverse Parent",
		"shapeNode.Prev":      "many-to-one prev_id node(id) inverse Next",
		"shapeNode.Next":      "one-to-one id node(prev_id) inverse Prev",
		"shapeOrder.Group":    "many-to-one group_tenant,group_no groups(tenant,no)",
	}
	for _, m := range shapes(t).mappers {
		for _, r := range m.relations {
			name := m.name + "." + r.field
			if got := describe(r); got != want[name] {
				t.Errorf("%s is\n %s\nwant\n %s", name, got, want[name])
			}
			delete(want, name)
		}
	}
	if len(want) > 0 {
		t.Errorf("not found: %v", want)
	}
}

func TestRelationOptions(t *testing.T) {
	u := shapes(t).mappers[0]
	if r := u.relByName["Addresses"]; r.cascade != cascadeAll|cascadeOrphan || len(r.order) != 2 || r.order[0].column.name != "street" || !r.order[0].desc || r.order[1].desc {
		t.Errorf("Addresses: cascade %b, order %v", r.cascade, r.order)
	}
	if r := u.relByName["Main"]; r.cascade != 0 || !r.postUpdate {
		t.Errorf("Main: cascade %b, post-update %v", r.cascade, r.postUpdate)
	}
	if r := u.relByName["Groups"]; r.cascade != cascadeSave|cascadeMerge {
		t.Errorf("Groups: cascade %b; want save-update and merge", r.cascade)
	}
	if r := u.relByName["Tags"]; r.position == nil || r.position.m != r.link.model {
		t.Errorf("Tags: position %v; want a column of the link", r.position)
	}
}

func TestKeysUniquesAndIndexes(t *testing.T) {
	ms := shapes(t)
	group, order, profile, node := ms.mappers[3], ms.mappers[8], ms.mappers[2], ms.mappers[7]
	if got := namesOf(group.key); fmt.Sprint(got) != "[tenant no]" {
		t.Errorf("key of group: %v; want the order of pk:", got)
	}
	if group.auto != nil || profile.auto != nil || ms.mappers[0].auto == nil {
		t.Error("auto: want it for the single integer key that refers to nothing, and for no other")
	}
	if order.table.String() != "shop.order" || len(order.foreignKeys) != 1 || order.foreignKeys[0].option.mods[0].value != "cascade" {
		t.Errorf("order: table %s, foreign keys %v", order.table, order.foreignKeys)
	}
	ix := order.indexes[0]
	if len(ix.terms) != 2 || ix.terms[0].column.name != "group_no" || !ix.terms[0].desc || ix.terms[0].nulls != "LAST" || ix.terms[1].expr != "lower(group_tenant)" || ix.option.mods[0].value != "ix_x" {
		t.Errorf("index: %+v", ix)
	}
	if u := order.uniques[0]; fmt.Sprint(namesOf(u.columns)) != "[group_no id]" {
		t.Errorf("unique: %v; want fields and columns to be found", namesOf(u.columns))
	}
	if len(node.uniques) != 1 || !node.foreignKeys[1].unique() || node.foreignKeys[0].unique() {
		t.Error("unique of a column: want it known to its foreign key")
	}
	if c := order.byField["shapeRef.GroupNo"]; c == nil || c.name != "group_no" {
		t.Errorf("embedded field: %v", c)
	}
}

func TestPrefixesAddUp(t *testing.T) {
	type Geo struct {
		_        struct{} `ingot:"index:lat,Long;check:lat < 90"`
		Lat      float64
		Long     float64 `ingot:"column:lon"`
		skipped  int
		Excluded chan int `ingot:"-"`
	}
	type Place struct {
		City string
		Geo  `ingot:"prefix:geo_"`
	}
	type Shop struct {
		ID   int64 `ingot:"pk"`
		Home Place `ingot:"prefix:home_"`
		Work Place `ingot:"embed;prefix:work_"`
		Raw  Geo   `ingot:"json"`
	}
	_ = Geo{}.skipped
	ms, err := NewModels(Shop{})
	if err != nil {
		t.Fatal(err)
	}
	m := ms.mappers[0]
	want := "[id home_city home_geo_lat home_geo_lon work_city work_geo_lat work_geo_lon raw]"
	if got := fmt.Sprint(m.columnNames()); got != want {
		t.Errorf("columns %s; want %s", got, want)
	}
	if len(m.indexes) != 2 || fmt.Sprint(m.indexes[1].terms[1].column.field) != "Work.Geo.Long" {
		t.Errorf("indexes of embedded structs: %+v", m.indexes)
	}
}
