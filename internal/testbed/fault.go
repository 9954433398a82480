package testbed

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Fault is a way in which a call goes wrong. The functions and variables below make them.
type Fault struct {
	name   string
	answer func(p *proxy, w http.ResponseWriter, r *http.Request, body []byte, c Call, how protocol) (status int)
}

func (f Fault) String() string { return f.name }

// Throttle is "too fast", in the words of the service.
var Throttle = refusal("throttle", func(c Call, how protocol) failure {
	f := failure{400, "ThrottlingException", "Rate exceeded"}
	switch {
	case c.Service == "ec2":
		f = failure{503, "RequestLimitExceeded", "Request limit exceeded."}
	case c.Service == "s3":
		f = failure{503, "SlowDown", "Please reduce your request rate."}
	case c.Service == "dynamodb":
		f.code = "ProvisionedThroughputExceededException"
	case c.Service == "lambda":
		f = failure{429, "TooManyRequestsException", "Rate exceeded"}
	case how == awsQuery || how == restXML:
		f.code = "Throttling"
	case how == restJSON:
		f.status = 429
	}
	return f
})

// Deny is a denial because no identity policy allows the call.
var Deny = refusal("deny", func(c Call, how protocol) failure {
	return denied(c, how, "because no identity-based policy allows the "+c.action()+" action")
})

// DenyByOrganization is the denial by a service control policy, by which organisations close Regions.
var DenyByOrganization = refusal("deny by organization", func(c Call, how protocol) failure {
	return denied(c, how, "with an explicit deny in a service control policy")
})

func denied(c Call, how protocol, why string) failure {
	message := fmt.Sprintf("User: arn:aws:iam::%s:user/testing is not authorized to perform: %s %s", c.Account, c.action(), why)
	switch {
	case c.Service == "ec2":
		return failure{403, "UnauthorizedOperation", "You are not authorized to perform this operation. " + message}
	case how == awsQuery || how == restXML:
		return failure{403, "AccessDenied", message}
	case how == restJSON:
		return failure{403, "AccessDeniedException", message}
	}
	return failure{400, "AccessDeniedException", message}
}

// action is near enough to the IAM action for a message.
func (c Call) action() string { return c.Service + ":" + c.Operation }

// ServerError is a failure of AWS's own.
var ServerError = refusal("server error", func(c Call, how protocol) failure {
	switch {
	case c.Service == "ec2", c.Service == "s3":
		return failure{500, "InternalError", "We encountered an internal error. Please try again."}
	case how == awsQuery || how == restXML:
		return failure{500, "InternalFailure", "The request processing has failed because of an unknown error."}
	}
	return failure{500, "InternalServerError", "An internal server error occurred."}
})

// ExpiredToken is what temporary credentials meet after their time.
var ExpiredToken = refusal("expired token", func(c Call, how protocol) failure {
	switch {
	case c.Service == "ec2":
		return failure{400, "RequestExpired", "Request has expired."}
	case c.Service == "s3":
		return failure{400, "ExpiredToken", "The provided token has expired."}
	case how == awsQuery || how == restXML:
		return failure{403, "ExpiredToken", "The security token included in the request is expired"}
	case how == restJSON:
		return failure{403, "ExpiredTokenException", "The security token included in the request is expired"}
	}
	return failure{400, "ExpiredTokenException", "The security token included in the request is expired"}
})

// RegionDisabled is the answer of a Region that the account has not opted into: the credentials are not known there.
var RegionDisabled = refusal("Region disabled", func(c Call, how protocol) failure {
	switch {
	case c.Service == "ec2":
		return failure{401, "AuthFailure", "AWS was not able to validate the provided access credentials"}
	case how == awsQuery:
		return failure{403, "InvalidClientTokenId", "The security token included in the request is invalid."}
	case how == restXML:
		return failure{403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."}
	case how == restJSON:
		return failure{403, "UnrecognizedClientException", "The security token included in the request is invalid."}
	}
	return failure{400, "UnrecognizedClientException", "The security token included in the request is invalid."}
})

// Code answers with an error of the caller's choice.
func Code(status int, code, message string) Fault {
	return refusal(code, func(Call, protocol) failure { return failure{status, code, message} })
}

// Hang never answers.
var Hang = Fault{"hang", func(p *proxy, w http.ResponseWriter, r *http.Request, _ []byte, _ Call, _ protocol) int {
	select {
	case <-r.Context().Done():
	case <-p.done:
	}
	return hangUp(w)
}}

// Reset breaks the connection before any answer.
var Reset = Fault{"reset", func(_ *proxy, w http.ResponseWriter, _ *http.Request, _ []byte, _ Call, _ protocol) int {
	return reset(w)
}}

// Truncate breaks the connection in the middle of the body.
var Truncate = Fault{"truncate", func(p *proxy, w http.ResponseWriter, r *http.Request, body []byte, _ Call, _ protocol) int {
	_, header, answer, err := p.fetch(r, body)
	if err != nil {
		return hangUp(w)
	}
	w.Header().Set("Content-Type", header.Get("Content-Type"))
	w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
	w.Write(answer[:len(answer)/2])
	http.NewResponseController(w).Flush()
	return hangUp(w)
}}

// Pages hands a listing out in pages of n elements, which moto mostly does not do by itself.
func Pages(n int) Fault {
	return Fault{fmt.Sprintf("pages of %d", n), func(p *proxy, w http.ResponseWriter, r *http.Request, body []byte, c Call, _ protocol) int {
		return p.page(w, r, body, c, n, false)
	}}
}

// RepeatToken hands out the first page of n elements again and again, each time with the token that asks for it once more.
func RepeatToken(n int) Fault {
	return Fault{"repeat token", func(p *proxy, w http.ResponseWriter, r *http.Request, body []byte, c Call, _ protocol) int {
		return p.page(w, r, body, c, n, true)
	}}
}

// failure is an error of AWS, whatever the protocol.
type failure struct {
	status  int
	code    string
	message string
}

func refusal(name string, choose func(Call, protocol) failure) Fault {
	return Fault{name, func(_ *proxy, w http.ResponseWriter, _ *http.Request, _ []byte, c Call, how protocol) int {
		f := choose(c, how)
		header, body := f.encode(c, how)
		write(w, f.status, header, body)
		return f.status
	}}
}

// encode writes an error the way the protocol does: https://smithy.io/2.0/aws/protocols/index.html
func (f failure) encode(c Call, how protocol) (http.Header, []byte) {
	const id = "00000000-0000-4000-8000-000000000000"
	header := http.Header{"X-Amzn-Requestid": {id}}
	if how == awsJSON || how == restJSON {
		header.Set("Content-Type", "application/x-amz-json-1.1")
		header.Set("X-Amzn-Errortype", f.code)
		body, err := json.Marshal(map[string]string{"__type": f.code, "message": f.message})
		if err != nil {
			panic(err) // of two strings
		}
		return header, body
	}
	header.Set("Content-Type", "text/xml")
	code := fmt.Sprintf("<Code>%s</Code><Message>%s</Message>", f.code, f.message)
	var body string
	switch {
	case how == ec2Query:
		body = "<Response><Errors><Error>" + code + "</Error></Errors><RequestID>" + id + "</RequestID></Response>"
	case c.Service == "s3":
		body = "<Error>" + code + "<RequestId>" + id + "</RequestId></Error>"
	default:
		body = "<ErrorResponse><Error><Type>Sender</Type>" + code + "</Error><RequestId>" + id + "</RequestId></ErrorResponse>"
	}
	return header, []byte(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + body)
}

// unescaped is a body as text to look into, whether JSON or a form.
func unescaped(body []byte) string {
	if s, err := url.QueryUnescape(string(body)); err == nil && !strings.HasPrefix(s, "{") {
		return s
	}
	return string(body)
}
