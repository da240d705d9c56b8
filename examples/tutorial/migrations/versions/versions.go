// Package versions has the revisions of the schema, one file each.
package versions

import "ingot"

// Versions are the revisions: each file of this folder adds its own.
var Versions = ingot.NewRevisions()
