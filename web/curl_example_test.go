package web

import (
	"net/http"
	"strings"

	"wince/care"
)

// variable is what the example of a route calls one of its parameters: the one before tells what it is.
func (r *route) variable(name string) string {
	parts := strings.Split(r.path, "/")
	for i, p := range parts {
		if p != ":"+name || i == 0 {
			continue
		}
		switch before := parts[i-1]; before {
		case "by-external-id":
			return "external"
		case "whip":
			return "peer"
		default:
			return strings.ReplaceAll(strings.TrimSuffix(before, "s"), "-", "_")
		}
	}
	return name
}

// curl is the route's example: a command for a shell in which $wince is the server's address and $token a sign-in's.
func (r *route) curl() string {
	d := &r.doc
	parts := strings.Split(r.path, "/")
	for i, p := range parts {
		if name, ok := strings.CutPrefix(p, ":"); ok {
			parts[i] = "$" + r.variable(name)
		}
	}
	address := "$wince/api/v1" + strings.Join(parts, "/")
	if d.asks != "" {
		address += "?" + d.asks
	}
	words := []string{"curl -sS"}
	body, kind := "", ""
	if d.takes != nil {
		if m, ok := d.takes.(media); ok {
			body, kind = `--data-binary "`+d.sample+`"`, string(m)
		} else if strings.Contains(d.sample, "$") {
			body = "--json @- <<END\n" + d.sample + "\nEND"
		} else {
			body = "--json '" + d.sample + "'"
		}
	}
	if r.method != http.MethodGet && (r.method != http.MethodPost || body == "") {
		words = append(words, "-X "+r.method)
	}
	words = append(words, `"`+address+`"`)
	if r.may != care.Public {
		words = append(words, `-H "Authorization: Bearer $token"`)
	}
	words = append(words, d.sends...)
	if d.match {
		words = append(words, `-H "If-Match: $etag"`)
	}
	if kind != "" {
		words = append(words, `-H "Content-Type: `+kind+`"`)
	}
	if body != "" {
		words = append(words, body)
	}
	return strings.Join(words, " ")
}
