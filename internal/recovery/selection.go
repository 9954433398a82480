package recovery

import (
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
)

// Selects reports whether a selection of AWS Backup chooses a resource. The meaning is that of
// https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupSelection.html and of "Assign resources with AWS CLI":
//
//   - Resources are patterns of which one must match, and all tag conditions (Conditions) must hold besides.
//   - AnyTag (ListOfTags) chooses what bears one of its tags, in addition to what Resources choose.
//   - A selection without Resources and without AnyTag starts from everything; an empty one chooses everything.
//   - NotResources take out again whatever they match.
//
// A negated condition holds of a resource that does not bear the tag at all, as in IAM policies. What AnyTag chooses
// although Conditions do not hold is unknown: AWS does not say how the two combine. Whether AWS Backup is opted in to the
// kind of resource in that Region (DescribeRegionSettings) is not looked at.
func Selects(s estate.SelectionBody, arn string, tags estate.Known[map[string]string]) estate.Truth {
	conditions := estate.True
	for _, c := range s.AllTags {
		conditions = estate.And(conditions, tagged(tags, c))
	}
	byARN := estate.Is(matchAny(s.Resources, arn))
	if len(s.Resources) == 0 {
		byARN = estate.Is(len(s.AnyTag) == 0)
	}
	byTag := estate.False
	for _, c := range s.AnyTag {
		byTag = estate.Or(byTag, tagged(tags, c))
	}
	if len(s.AllTags) > 0 {
		byTag = estate.And(byTag, estate.Or(conditions, estate.Unknown))
	}
	return estate.And(estate.Or(estate.And(byARN, conditions), byTag), Excludes(s, arn).Not())
}

// Excludes reports whether a selection leaves a resource out by name, whatever else it says.
func Excludes(s estate.SelectionBody, arn string) estate.Truth {
	return estate.Is(matchAny(s.NotResources, arn))
}

func tagged(tags estate.Known[map[string]string], c estate.TagCondition) estate.Truth {
	return tags.Holds(strings.HasPrefix(c.Operator, "StringNot"), func(tags map[string]string) bool {
		value, ok := tags[c.Key]
		switch c.Operator {
		case "StringEquals":
			return ok && value == c.Value
		case "StringNotEquals":
			return !ok || value != c.Value
		case "StringLike":
			return ok && match(c.Value, value)
		case "StringNotLike":
			return !ok || !match(c.Value, value)
		}
		return false
	})
}

func matchAny(patterns []string, s string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return match(p, s) })
}

// match matches the whole of s; * stands for any text, and every other character for itself.
func match(pattern, s string) bool {
	first, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == s
	}
	if !strings.HasPrefix(s, first) {
		return false
	}
	s = s[len(first):]
	for {
		var part string
		part, rest, wild = strings.Cut(rest, "*")
		if !wild {
			return strings.HasSuffix(s, part)
		}
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
}
