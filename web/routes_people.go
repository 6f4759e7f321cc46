package web

import (
	"net/http"

	"wince/care"
)

// A sign-in can fail in these ways besides.
var loginFails = []care.Code{codeLockedOut, care.Disabled}

func (s *Server) loginRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	return group("Signing in",
		row(get, "/setup", care.Public, s.setUpNeeded, doc{about: "Ask whether the server waits to be set up", gives: setUpState{}}),
		row(post, "/setup", care.Public, s.setUp, doc{about: "Make the first administrator",
			more:  "The token is that of the link which the server printed when it started. Whoever sets up is signed in with a cookie. Passwords have 10 to 200 characters.",
			takes: setUpRequest{}, needs: []string{"token", "name", "password"}, sample: `{"token": "$setup", "name": "Ann Bee", "password": "$password"}`,
			gives: signedIn{}, status: http.StatusCreated, fails: []care.Code{care.SetUpDone, care.SetUpToken, codeLockedOut}}),
		row(post, "/login", care.Public, s.login, doc{about: "Sign in with a password",
			more: "The answer sets a cookie, which browsers keep. With `\"token\": true` it has a token instead, to be sent as `Authorization: Bearer`. " +
				"A sign-in ends after twelve hours, or after two unused, if nothing else is set. After five wrong passwords in a row the next try must wait.",
			takes: loginRequest{}, needs: []string{"name", "password"}, sample: `{"name": "Ann Bee", "password": "$password", "token": true}`,
			gives: signedIn{}, fails: append(loginFails[:len(loginFails):len(loginFails)], codePassword)}),
		row(get, "/login/people", care.Public, s.devicePeople, doc{about: "List who can sign in with a PIN on this tablet", // asks for an enrolled tablet itself
			more:  "Only an enrolled tablet is answered: by its cookie, or by the header X-Wince-Device.",
			gives: tabletPeople{}, fails: []care.Code{codeNotEnrolled}, sends: []string{`-H "X-Wince-Device: $tablet_token"`}}),
		row(post, "/login/pin", care.Public, s.loginPIN, doc{about: "Sign in with a PIN on an enrolled tablet",
			more:  "Whoever was signed in there before is signed out. The sign-in ends after fifteen minutes unused. After five wrong PINs in a row the PIN is locked until its owner signs in with the password.",
			takes: pinLogin{}, needs: []string{"user_id", "pin"}, sample: `{"user_id": "$user", "pin": "4711", "token": true}`, gives: signedIn{},
			fails: append(loginFails[:len(loginFails):len(loginFails)], codeNotEnrolled, codePIN, care.PINLocked), sends: []string{`-H "X-Wince-Device: $tablet_token"`}}),
		row(post, "/login/passkey/options", care.Public, s.passkeyOptions, doc{about: "Begin to sign in with a passkey",
			more:   "What is in `options` goes to `navigator.credentials.get`; what that gives goes to `POST /login/passkey`, with the ceremony.",
			secret: true, gives: passkeyCeremony{}, fails: []care.Code{codeNoPasskeys}}),
		row(post, "/login/passkey", care.Public, s.loginPasskey, doc{about: "Sign in with a passkey",
			takes: passkeyLogin{}, needs: []string{"ceremony", "credential"}, sample: `{"ceremony": "$ceremony", "credential": $credential, "token": true}`, gives: signedIn{},
			fails: append(loginFails[:len(loginFails):len(loginFails)], codePasskey, codeNoPasskeys)}),
		row(get, "/login/provider", care.Public, s.toProvider, doc{about: "Lead a browser to the home's identity provider",
			more:   "OpenID Connect, authorization code flow with PKCE. The provider leads back to `/login/provider/callback`.",
			status: http.StatusFound, also: []media{"text/html"}, fails: []care.Code{codeNoProvider, codeProvider}}),
		row(get, "/login/provider/callback", care.Public, s.fromProvider, doc{about: "Take a browser back from the identity provider",
			more:   "It signs in whom the provider names and leads to the first page. Where that fails a browser is led there, too, and the page says why.",
			query:  []param{{"code", "what the provider gives", ""}, {"state", "what the way there was marked with", ""}, {"error", "what the provider says where it refuses", ""}, {"iss", "who the provider is", ""}, {"session_state", "the provider's own", ""}},
			status: http.StatusSeeOther, also: []media{"text/html"}, fails: []care.Code{codeNoProvider, codeProvider, codeProviderSaid, codeNoAccount, care.Disabled},
			manual: "The identity provider leads a browser here."}),
		row(post, "/invitation", care.Public, s.acceptInvitation, doc{about: "Choose a password with an invitation",
			more:  "It signs in with a cookie. The page does the same at `#/invited/TOKEN`.",
			takes: acceptance{}, needs: []string{"token", "password"}, sample: `{"token": "$invitation", "password": "a lamp in the hall"}`, gives: signedIn{},
			fails: append(loginFails[:len(loginFails):len(loginFails)], care.Invitation)}),
	)
}

func (s *Server) ownRoutes() []route {
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	return group("Signing in",
		row(post, "/logout", care.OwnAccount, s.logout, doc{about: "Sign out"}),
		row(get, "/me", care.OwnAccount, s.me, doc{about: "Say who is signed in, and for how long", gives: signedIn{}}),
		row(put, "/me/password", care.OwnSecrets, s.changePassword, doc{about: "Change one's password", more: "It signs out everywhere else, and in again here.",
			secret: true, takes: passwordChange{}, needs: []string{"password", "new_password"}, sample: `{"password": "$password", "new_password": "$password", "token": true}`, gives: signedIn{},
			fails: append(loginFails[:len(loginFails):len(loginFails)], codePassword)}),
		row(put, "/me/pin", care.OwnSecrets, s.setPIN, doc{about: "Set one's PIN", more: "4 to 8 digits; no rows such as 1234 and no repeats such as 1212.",
			takes: newPIN{}, needs: []string{"pin"}, sample: `{"pin": "4711"}`}),
		row(del, "/me/pin", care.OwnSecrets, s.removePIN, doc{about: "Remove one's PIN"}),
		row(get, "/me/passkeys", care.OwnAccount, s.listPasskeys, doc{about: "List one's passkeys", gives: care.Passkey{}, list: "passkeys"}),
		row(post, "/me/passkeys/options", care.OwnSecrets, s.newPasskeyOptions, doc{about: "Begin to make a passkey",
			more:   "What is in `options` goes to `navigator.credentials.create`; what that gives goes to `POST /me/passkeys`, with the ceremony.",
			secret: true, gives: passkeyCeremony{}, fails: []care.Code{codeNoPasskeys}}),
		row(post, "/me/passkeys", care.OwnSecrets, s.addPasskey, doc{about: "Keep a passkey", takes: newPasskey{}, needs: []string{"ceremony", "name", "credential"},
			sample: `{"ceremony": "$ceremony", "name": "My tablet", "credential": $credential}`, gives: care.Passkey{}, status: http.StatusCreated,
			fails: []care.Code{codePasskey, codeNoPasskeys, care.Conflict}}),
		row(del, "/me/passkeys/:id", care.OwnSecrets, s.removePasskey, doc{about: "Remove a passkey"}),
	)
}

func (s *Server) staffRoutes() []route {
	const get, post, put, patch, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete
	return group("Staff, sites, tablets",
		row(get, "/sites", care.ReadSites, s.listSites, doc{about: "List one's sites", gives: care.Site{}, list: "sites", paged: true}),
		row(get, "/sites/:id", care.ReadSites, s.getSite, doc{about: "Read a site", gives: care.Site{}, tag: true, cached: true}),
		row(post, "/sites", care.ChangeSites, s.addSite, doc{about: "Add a site",
			more: "Records that name no site belong to `" + care.DefaultSite + "`, or to the only one of whoever makes them.", takes: newSite{}, needs: []string{"name"},
			sample: `{"name": "North House", "zone": "Europe/Berlin"}`, gives: care.Site{}, status: http.StatusCreated, tag: true, fails: []care.Code{care.Conflict}}),
		row(patch, "/sites/:id", care.ChangeSites, s.changeSite, doc{about: "Change a site", takes: siteChange{}, sample: `{"name": "South House"}`, gives: care.Site{}, tag: true, match: true,
			fails: []care.Code{care.Conflict}}),
		row(get, "/users", care.ReadUsers, s.listUsers, doc{about: "List the staff of one's sites", gives: care.User{}, list: "users", paged: true}),
		row(get, "/users/:id", care.ReadUsers, s.getUser, doc{about: "Read a member of staff", gives: care.User{}, tag: true, cached: true}),
		row(post, "/users", care.ChangeUsers, s.addUser, doc{about: "Add a member of staff",
			more:  "The invitation is handed over to them; with its token they choose a password within seven days. `subject` is what the home's identity provider knows them by; then there is no invitation.",
			takes: newUser{}, needs: []string{"name", "role"}, sample: `{"name": "Kim Carer", "role": "carer"}`, secret: true, gives: userAdded{}, status: http.StatusCreated, tag: true,
			fails: []care.Code{care.Conflict}}),
		row(patch, "/users/:id", care.ChangeUsers, s.changeUser, doc{about: "Change or close an account",
			more:  "Whoever is disabled is signed out at once. Nobody is ever deleted: names stand under assessments.",
			takes: userChange{}, sample: `{"role": "nurse"}`, gives: care.User{}, tag: true, match: true, fails: []care.Code{care.Conflict, care.LastAdmin}}),
		row(post, "/users/:id/invitation", care.ChangeUsers, s.invite, doc{about: "Invite again", more: "As when a password was forgotten. It ends the invitation before; until it is used the old password holds.",
			secret: true, gives: newInvitation{}, status: http.StatusCreated, fails: []care.Code{care.Disabled, care.Invalid}}),
		row(put, "/users/:id/identity", care.ChangeUsers, s.linkIdentity, doc{about: "Say whom the identity provider means", more: "An empty subject takes the link away.",
			takes: identityLink{}, needs: []string{"subject"}, sample: `{"subject": ""}`, fails: []care.Code{care.Conflict}}),
		row(get, "/devices", care.ReadDevices, s.listDevices, doc{about: "List enrolled tablets", gives: care.Device{}, list: "devices", paged: true}),
		row(post, "/devices", care.ChangeDevices, s.enrol, doc{about: "Enrol the tablet that asks", more: "PINs work on enrolled tablets only. The tablet gets a cookie; with `\"token\": true` the answer has a token instead, for the header X-Wince-Device.",
			secret: true, takes: newDevice{}, needs: []string{"name"}, sample: `{"name": "Ward 2, trolley", "token": true}`, gives: enrolled{}, status: http.StatusCreated}),
		row(del, "/devices/:id", care.ChangeDevices, s.revoke, doc{about: "Revoke a tablet", more: "All sign-ins by PIN there end."}),
	)
}
