package policy

import (
	"strings"
)

// condition judges one condition. Where the answer is maybe, open is the key that is not known.
//
// The values of a condition are alternatives; a negated operator wants that none of them matches. A key that is not in the
// request fails a positive operator and meets a negated one.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
func (j *judge) condition(c *Condition) (t truth, open string) {
	o := c.Operator
	if o.Unknown {
		return no, "" // it never fires, in a Deny either
	}
	values, there := j.key(c.Key)
	if o.Name == "Null" {
		return null(c, there, len(values))
	}
	switch {
	case there == maybe:
		return maybe, c.Key
	case there == no || len(values) == 0, (o.ForAllValues || o.ForAnyValue) && len(values) == 1 && values[0] == "":
		// An empty text is an empty set.
		return o.ofMissing(), ""
	case len(values) > 1 && !o.ForAllValues && !o.ForAnyValue:
		// A key with several values needs a set operator: nothing is said of one of them.
		// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
		return no, ""
	}
	every := !o.ForAnyValue
	t = truthOf(every)
	for _, v := range values {
		one, key := j.meets(c, v)
		if one == maybe {
			open = key
		}
		if every {
			t = min(t, one)
		} else {
			t = max(t, one)
		}
	}
	if t != maybe {
		open = ""
	}
	return t, open
}

// null judges the operator Null: "true" wants that the key is missing, "false" that it is there. A key without a value is
// missing.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Null
func null(c *Condition, there truth, n int) (truth, string) {
	if there == yes && n == 0 {
		there = no
	}
	t := no
	for _, v := range c.Values {
		switch {
		case strings.EqualFold(v, "true"):
			t = max(t, there.not())
		case strings.EqualFold(v, "false"):
			t = max(t, there)
		}
	}
	if t == maybe && wantsBoth(c.Values) {
		return yes, ""
	}
	if t == maybe {
		return maybe, c.Key
	}
	return t, ""
}

func wantsBoth(values []string) bool {
	var t, f bool
	for _, v := range values {
		t, f = t || strings.EqualFold(v, "true"), f || strings.EqualFold(v, "false")
	}
	return t && f
}

// ofMissing is what an operator says of a key that is not in the request. Of any value there is none, whether IfExists is said or not.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
// https://repost.aws/questions/QU9HFmDzP0QGuU-fd7rS6B7w/foranyvalue-stringequalsifexists-behaving-unexpectedly
func (o Operator) ofMissing() truth {
	switch {
	case o.ForAnyValue:
		return no
	case o.IfExists, o.ForAllValues:
		return yes
	}
	return truthOf(o.Negated())
}

// meets judges one value of the request against the values of the condition.
//
// A variable without a value is equal to nothing and like nothing, so that a negated operator is met: "Inverted condition operators like
// StringNotEquals or StringNotLike do match against a null value". A number that is none and a date that is none cannot be compared: such
// a condition is not met, negated or not.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-no-value
func (j *judge) meets(c *Condition, value string) (t truth, open string) {
	base := strings.Replace(c.Operator.Name, "Not", "", 1)
	any := no
	for _, wanted := range c.Values {
		if c.Operator.Negated() && void(base, wanted, value) {
			return no, ""
		}
		one, key := j.compare(base, wanted, value)
		if one == maybe {
			open = key
		}
		any = max(any, one)
	}
	if any != maybe {
		open = ""
	}
	if c.Operator.Negated() {
		return any.not(), open
	}
	return any, open
}

// void reports whether two values cannot be compared at all.
func void(operator, wanted, value string) bool {
	switch {
	case strings.HasPrefix(operator, "Numeric"):
		return !isNumber(wanted) || !isNumber(value)
	case strings.HasPrefix(operator, "Date"):
		return !isDate(wanted) || !isDate(value)
	}
	return false
}

// compare judges one pair of values with a positive operator. Strings, ARNs and truth values may hold variables; of the last,
// AWS's pages say both that and the contrary.
func (j *judge) compare(operator, wanted, value string) (truth, string) {
	switch operator {
	case "StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike", "Bool":
		g, known, open := j.expand(wanted)
		switch known {
		case no:
			return no, ""
		case maybe:
			if operator != "Bool" && !j.mayCompare(operator, wanted, value) {
				return no, ""
			}
			return maybe, open
		}
		switch operator {
		case "StringEquals":
			return truthOf(g.text == value), ""
		case "StringEqualsIgnoreCase":
			return truthOf(strings.EqualFold(g.text, value)), ""
		case "StringLike":
			return truthOf(g.matches(value)), ""
		case "Bool":
			return truthOf(isBool(g.text) && strings.EqualFold(g.text, value)), ""
		}
		return truthOf(arnMatches(g, value)), ""
	case "BinaryEquals":
		return truthOf(sameBinary(wanted, value)), ""
	case "IpAddress":
		return truthOf(inRange(wanted, value)), ""
	}
	if order, ok := strings.CutPrefix(operator, "Numeric"); ok {
		return truthOf(compareNumbers(order, wanted, value)), ""
	}
	if order, ok := strings.CutPrefix(operator, "Date"); ok {
		return truthOf(compareDates(order, wanted, value)), ""
	}
	return no, ""
}

// mayCompare reports whether a value can match a text, of which a variable is not known: whatever stands in its place, the rest must.
func (j *judge) mayCompare(operator, wanted, value string) bool {
	if operator == "StringEqualsIgnoreCase" {
		return true
	}
	g, _, _ := j.fill(wanted, operator != "StringEquals")
	return g.matches(value)
}
