package claims

import _ "embed"

// Schema is the JSON Schema (draft 2020-12) of the claims file, for editors.
//
//go:embed onus.schema.json
var Schema []byte
