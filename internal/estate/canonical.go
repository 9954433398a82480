package estate

// CloudFront stands for the owner of the canonical user ids that CloudFront's origin access identities have.
const CloudFront = "cloudfront"

// CanonicalIDs are the accounts in scope by their canonical user id, by which policies and lists of S3 may name them, as far as S3 told:
// as the owner of the account's buckets. Those of origin access identities are CloudFront's. An id that two accounts have, as some
// emulator says, is nobody's.
// https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html
func (e *Estate) CanonicalIDs() map[string]string {
	ids := map[string]string{}
	learn := func(id, owner string) {
		if id == "" {
			return
		}
		if other, known := ids[id]; known && other != owner {
			owner = ""
		}
		ids[id] = owner
	}
	for _, a := range e.Accounts {
		learn(a.Canonical, a.ID)
		for _, id := range a.OriginIdentities {
			learn(id, CloudFront)
		}
	}
	for _, b := range e.Buckets {
		if list, ok := b.ACL.Value(); ok {
			learn(list.Owner, b.Reference.Account)
		}
	}
	for id, owner := range ids {
		if owner == "" {
			delete(ids, id)
		}
	}
	return ids
}
