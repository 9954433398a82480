package responses

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/onus-cloud/onus/internal/operation"
)

// ReadAWSCLI reads a folder of what `aws ... --output json` printed, one file a command. It is an import at the edge and
// takes what people have:
//
//   - The operation is the file's name in any of the ways people name such files ("describe-volumes.json",
//     "ec2-describe-volumes.json", "ec2/DescribeVolumes.json", "aws_ec2_describe_volumes_us-east-1.json").
//   - The account and the Region are folders or parts of the name ("111122223333/us-east-1/..."); else the account that
//     sts get-caller-identity names, or that all ARNs and owner ids in the file agree on; and the Region that all ARNs
//     and zones in the file agree on, or else the only one that the folder shows.
//   - A command about one resource has the resource in its name ("get-bucket-policy-acme-logs.json",
//     "get-bucket-policy--Bucket=acme-logs.json") or, better, in its body.
//   - A file that holds the CLI's error text instead ("An error occurred (NoSuchBucketPolicy) when calling ...") is that
//     outcome. An empty file is unknown: the CLI prints nothing both for "there is none" and for "failed".
//
// asOf is the time of all of it. regions are those that were asked for: where there is one, it is that of the files that name none. What is not in the folder was not tried. A file that cannot be understood is a Problem.
// Secrets in the files go no further: redactor takes them out.
func ReadAWSCLI(folder fs.FS, source string, asOf time.Time, redactor *Redactor, regions ...string) (*Set, error) {
	set := &Set{Source: source}
	var files []*cliFile
	err := fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			set.problem(name, "%v", err)
			return nil
		}
		if entry.IsDir() || !slices.Contains([]string{".json", ".txt", ".err", ""}, path.Ext(name)) || strings.HasPrefix(path.Base(name), ".") {
			return nil
		}
		body, err := fs.ReadFile(folder, name)
		if err != nil {
			set.problem(name, "%v", err)
			return nil
		}
		f := &cliFile{name: name, body: bytes.TrimSpace(asUTF8(body))}
		if why := f.identify(); why != "" {
			if path.Ext(name) == ".json" {
				set.problem(name, "%s", why)
			}
			return nil
		}
		files = append(files, f)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", source, err)
	}
	if len(files) == 0 && len(set.Problems) == 0 {
		return nil, fmt.Errorf("%s holds neither a recording nor AWS CLI output: expected recording.json, or files such as 111122223333/us-east-1/ec2/describe-instances.json", source)
	}
	place(files, regions)
	names := namesOf(files)
	var read []readFile
	for _, f := range files {
		complaint := path.Ext(f.name) == ".err"
		if len(f.body) == 0 && (complaint || f.beside(files)) || complaint && !errorPattern.Match(f.body) && f.beside(files) {
			continue // nothing was said there but warnings, and what was said is in the other file
		}
		r, why := f.response(asOf, names)
		if why != "" {
			set.problem(f.name, "%s", why)
		}
		if r != nil {
			r.redact(f.op, redactor)
			read = append(read, readFile{*r, f.goesOn})
		}
	}
	set.joinPages(read)
	return set, nil
}

// cliFile is one file, as far as it is understood.
type cliFile struct {
	name    string
	body    []byte
	object  map[string]json.RawMessage // the body, when it is a JSON object
	op      operation.Operation
	base    string // the name in which the operation stands, without its extension
	account string
	region  string
	goesOn  int // how many of its pages say that another follows
}

var (
	accountPattern   = regexp.MustCompile(`(?:^|[^0-9])([0-9]{12})(?:[^0-9]|$)`)
	regionPattern    = regexp.MustCompile(`(?:^|[^a-z0-9])((?:us|eu|ap|sa|ca|me|af|il|mx|cn)(?:-gov|-iso|-isob)?-(?:north|south|east|west|central|northeast|northwest|southeast|southwest)-[0-9])(?:[^0-9]|$)`)
	errorPattern     = regexp.MustCompile(`An error occurred \(([A-Za-z0-9._-]+)\)(?: when calling the ([A-Za-z0-9]+) operation)?(?: \(reached max retries: [0-9]+\))?:? ?(.*)`)
	arnPattern       = regexp.MustCompile(`arn:aws[a-z-]*:[a-z0-9-]+:([a-z0-9-]*):([0-9]{12})?:`)
	principalPattern = regexp.MustCompile(`"Arn": *"arn:aws[a-z-]*:iam::([0-9]{12}):(?:user|role|group)/`)
	zonePattern      = regexp.MustCompile(`"((?:us|eu|ap|sa|ca|me|af|il|mx|cn)(?:-gov)?-[a-z]+-[0-9])[a-f]"`)
	ownerPattern     = regexp.MustCompile(`(?i)"(?:OwnerId|Account|AccountId)": *"([0-9]{12})"`)
)

// asUTF8 takes a byte order mark off, and reads what a Windows shell redirects: UTF-16.
func asUTF8(body []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(body, []byte("\xff\xfe")):
		order = binary.LittleEndian
	case bytes.HasPrefix(body, []byte("\xfe\xff")):
		order = binary.BigEndian
	default:
		return bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	}
	var units []uint16
	for i := 2; i+1 < len(body); i += 2 {
		units = append(units, order.Uint16(body[i:]))
	}
	return []byte(string(utf16.Decode(units)))
}

// response builds the response of a file; if that cannot be, or only a failed one can, it says why.
func (f *cliFile) response(asOf time.Time, names *names) (*Response, string) {
	if f.account == "" {
		return nil, "no account is known for it: put it into a folder named after the account (111122223333/us-east-1/), or add the output of `aws sts get-caller-identity`"
	}
	if f.region == "" {
		return nil, "no Region is known for it: put it into a folder named after the Region (111122223333/us-east-1/)"
	}
	r := &Response{Account: f.account, Region: f.region, Operation: f.op.ID, Time: asOf, Origin: f.name, Outcome: operation.OK}
	var missing string
	if r.Parameters, missing = f.parameters(names); missing != "" {
		return nil, missing
	}
	switch m := errorPattern.FindSubmatch(f.body); {
	case len(f.body) == 0:
		r.Outcome, r.Code = operation.Failed, "EmptyFile"
		return r, "it is empty, which the AWS CLI prints both for \"there is none\" and for \"failed\": unknown"
	case f.object != nil:
		if code, message := savedError(f.object); code != "" {
			r.Code, r.Message = code, message
			r.Outcome = Classify(f.op, code)
			return r, ""
		}
		r.Pages = []json.RawMessage{f.body}
	case m != nil:
		r.Code, r.Message = string(m[1]), string(m[3])
		r.Outcome = Classify(f.op, r.Code)
	default:
		pages, err := manyPages(f.body)
		if err != nil {
			r.Outcome, r.Code = operation.Failed, "BadBody"
			return r, fmt.Sprintf("it is not JSON (%v): what it would have told is unknown", err)
		}
		r.Pages = pages
	}
	for _, page := range r.Pages {
		var object map[string]json.RawMessage
		if json.Unmarshal(page, &object) != nil {
			object = nil // of a page that is no object
		}
		if why := unfit(f.op, object); why != "" {
			r.Outcome, r.Code, r.Pages = operation.Failed, "BadBody", nil
			return r, why + "; what it would have told is unknown"
		}
		if goesOn(f.op, object) {
			f.goesOn++
		}
	}
	return r, ""
}

// redact takes the secrets out of a response.
func (r *Response) redact(op operation.Operation, redactor *Redactor) {
	r.Message = redactor.Text(r.Message)
	for i, page := range r.Pages {
		clean, err := redactor.Redact(op, page)
		if err != nil { // response has read every page as JSON
			r.Outcome, r.Code, r.Pages = operation.Failed, "BadBody", nil
			return
		}
		r.Pages[i] = clean
	}
}

// manyPages reads several JSON objects one after the other, or an array of them: pages that were saved as they came.
func manyPages(body []byte) ([]json.RawMessage, error) {
	var pages []json.RawMessage
	if body[0] == '[' {
		if err := json.Unmarshal(body, &pages); err != nil {
			return nil, err
		}
		return pages, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	for decoder.More() {
		var page json.RawMessage
		if err := decoder.Decode(&page); err != nil {
			return nil, err
		}
		if page[0] != '{' {
			return nil, fmt.Errorf("a page starts with %q, not with {", page[:1])
		}
		pages = append(pages, page)
	}
	return pages, nil
}

var (
	wholeARN = regexp.MustCompile(`arn:aws[a-z-]*:[a-z0-9-]+:[^"\\\s,]*`)
	quoted   = regexp.MustCompile(`"([^"\\]{1,255})"`)
)

// beside reports whether another file has the same name but for its end: what the command printed, next to what it complained of.
func (f *cliFile) beside(files []*cliFile) bool {
	stem := strings.TrimSuffix(f.name, path.Ext(f.name))
	return slices.ContainsFunc(files, func(o *cliFile) bool {
		return o != f && len(o.body) > 0 && path.Ext(o.name) != path.Ext(f.name) && (strings.TrimSuffix(o.name, path.Ext(o.name)) == stem || strings.TrimSuffix(o.name, path.Ext(o.name)) == f.name)
	})
}

// readFile is a file's response, and how many of its pages say that another follows.
type readFile struct {
	Response
	goesOn int
}

// joinPages merges several files of one listing at one place: pages that were saved each to a file of its own. Where every page says
// that another follows, the last ones are missing.
func (s *Set) joinPages(read []readFile) {
	first := map[string]int{}
	kept := read[:0]
	for _, r := range read {
		key := strings.Join([]string{r.Account, r.Region, string(r.Operation), r.About()}, " ")
		i, seen := first[key]
		if !seen {
			first[key] = len(kept)
			kept = append(kept, r)
			continue
		}
		old := &kept[i]
		old.Pages = append(old.Pages, r.Pages...)
		old.goesOn += r.goesOn
		if old.Outcome.Complete() && !r.Outcome.Complete() {
			old.Outcome, old.Code = r.Outcome, r.Code
		}
	}
	for _, r := range kept {
		if r.Outcome == operation.OK && r.goesOn > 0 && r.goesOn >= len(r.Pages) {
			r.Outcome, r.Code = operation.Failed, "PagesMissing"
			s.problem(r.Origin, "its last page says that more follow (NextToken or Marker): what they would have told is unknown; leave --max-items and --no-paginate out, or save the other pages beside it")
		}
		s.Responses = append(s.Responses, r.Response)
	}
}
