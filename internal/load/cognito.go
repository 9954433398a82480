package load

import (
	"cmp"

	"github.com/onus-cloud/onus/internal/estate"
)

// identityPools reads the identity pools of Cognito, whom they let in, and which roles they hand out.
func (l *loader) identityPools() {
	type poolList struct {
		IdentityPools []struct {
			IdentityPoolID   string `json:"IdentityPoolId"`
			IdentityPoolName string
		}
	}
	each(l, "cognito-identity:ListIdentityPools", func(p estate.Place, page *poolList) {
		for _, x := range page.IdentityPools {
			pool := &estate.IdentityPool{Resource: l.stored(p, "identity-pool", x.IdentityPoolID, arn("cognito-identity", p, "identitypool/"+x.IdentityPoolID)),
				Description: l.poolDescription(p, x.IdentityPoolID), Roles: l.poolRoles(p, x.IdentityPoolID)}
			pool.Reference.Name = cmp.Or(x.IdentityPoolName, x.IdentityPoolID)
			l.estate.IdentityPools = append(l.estate.IdentityPools, pool)
		}
	})
	l.estate.IdentityPools = byKey(l.estate.IdentityPools)
}

func (l *loader) poolDescription(p estate.Place, id string) estate.Known[estate.IdentityPoolDescription] {
	type description struct {
		AllowUnauthenticatedIdentities, AllowClassicFlow bool
		DeveloperProviderName                            string
		SupportedLoginProviders                          map[string]string
		CognitoIdentityProviders                         []struct{ ProviderName string }
		OpenIDConnectProviderARNs                        []string `json:"OpenIdConnectProviderARNs"`
		SamlProviderARNs                                 []string
	}
	return about(l, p, "cognito-identity:DescribeIdentityPool", id, func(pages []description) estate.IdentityPoolDescription {
		d := last(pages)
		providers := append(append([]string(nil), d.OpenIDConnectProviderARNs...), d.SamlProviderARNs...)
		for host := range d.SupportedLoginProviders {
			providers = append(providers, host)
		}
		for _, x := range d.CognitoIdentityProviders {
			providers = append(providers, x.ProviderName)
		}
		return estate.IdentityPoolDescription{Guests: d.AllowUnauthenticatedIdentities, Classic: d.AllowClassicFlow, Developer: d.DeveloperProviderName, Providers: distinct(providers)}
	})
}

// poolRoles reads the roles that the pool has for everybody, and those of rules. Where a provider's own tokens say the role, nothing lists
// it here.
// https://docs.aws.amazon.com/cognito/latest/developerguide/role-based-access-control.html
func (l *loader) poolRoles(p estate.Place, id string) estate.Known[estate.IdentityPoolRoles] {
	type answer struct {
		Roles        map[string]string
		RoleMappings map[string]struct {
			RulesConfiguration struct {
				Rules []struct{ RoleARN string }
			}
		}
	}
	return about(l, p, "cognito-identity:GetIdentityPoolRoles", id, func(pages []answer) estate.IdentityPoolRoles {
		a := last(pages)
		r := estate.IdentityPoolRoles{SignedIn: a.Roles["authenticated"], Guest: a.Roles["unauthenticated"]}
		for _, m := range a.RoleMappings {
			for _, rule := range m.RulesConfiguration.Rules {
				r.ByRule = append(r.ByRule, rule.RoleARN)
			}
		}
		r.ByRule = distinct(r.ByRule)
		return r
	})
}
