// Package migrations holds the tables as numbered SQL files, one folder for each database. README.md says how to add one.
package migrations

import "embed"

// Files has the folders sqlite and postgres, with the same numbers in both.
//
//go:embed sqlite/*.sql postgres/*.sql
var Files embed.FS
