package web

import "wince/care"

// identity is what the home's identity provider knows a user by.
func (s *Server) identity(subject string) (*care.Identity, error) {
	return nil, &care.Error{Code: care.Invalid, Field: "subject", Text: "There is no identity provider here: leave subject out."}
}
