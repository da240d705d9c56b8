//go:build !entbench

package main

// withEnt adds ent when the program is built with the tag entbench, after go generate ./ent: its
// generated code, twice as long as the rest, is not kept here.
func withEnt(all []opener) []opener { return all }
