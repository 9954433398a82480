package claims

import _ "embed"

//go:embed onus.schema.json
var schema string

// Schema returns the JSON Schema (draft 2020-12) of the claims file, for editors. The language of sentences is beyond it.
func Schema() []byte { return []byte(schema) }
