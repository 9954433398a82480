// Package clientside holds the controls of the practice "declared data is encrypted with a local key before it reaches AWS": one file
// each, its test and fixtures beside it.
//
// What they judge is declared: the claims file says which prefixes of which buckets hold nothing but ciphertext of a local key. What they
// rest on is a sample of the objects there, which is taken only where the user asks for it, and receipts of canaries; either may be missing,
// and then they say what would tell. A sample says nothing of the objects that are not in it: a sentence about all of them holds only
// where all were looked at, and each answer says how many were.
package clientside
