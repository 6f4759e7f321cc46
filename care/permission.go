package care

import (
	"slices"
	"strings"
)

// Permission names one thing that staff or programs may be allowed to do. Every address of the interface asks for one.
type Permission string

// The permissions.
const (
	Public              Permission = "public"               // signing in and what comes before it
	OwnAccount          Permission = "account.own"          // who one is, signing out
	OwnSecrets          Permission = "account.secrets"      // own password, PIN and passkeys
	ReadSites           Permission = "sites.read"           // the sites one belongs to
	ChangeSites         Permission = "sites.change"         //
	ReadUsers           Permission = "users.read"           // staff of one's sites
	ChangeUsers         Permission = "users.change"         // whom: see MayManage
	ReadDevices         Permission = "devices.read"         // enrolled tablets of one's sites
	ChangeDevices       Permission = "devices.change"       //
	ReadResidents       Permission = "residents.read"       // of one's sites
	ChangeResidents     Permission = "residents.change"     //
	ChangeConsent       Permission = "consent.change"       // to camera assessment
	ChangeBaselines     Permission = "baselines.change"     // neutral faces, as numbers
	UseCamera           Permission = "camera.use"           // live sessions; programs practise only
	ReadAssessments     Permission = "assessments.read"     // programs with the local token: their own practice
	AddAssessments      Permission = "assessments.add"      //
	ConfirmAssessments  Permission = "assessments.confirm"  // a person's word
	CorrectAssessments  Permission = "assessments.correct"  // amend, or mark as entered in error
	ReadScales          Permission = "scales.read"          //
	ChangeScales        Permission = "scales.change"        // switch off, add the home's own
	ReadRelief          Permission = "relief.read"          //
	AddRelief           Permission = "relief.add"           //
	ReadRounds          Permission = "rounds.read"          // schedules, and what is due
	ChangeRounds        Permission = "rounds.change"        //
	AddEvents           Permission = "events.add"           // falls, admissions, planned care, absence; and seeing to escalations
	ReadReports         Permission = "reports.read"         // counts, no names
	ReadChanges         Permission = "changes.read"         // of the records that one may see; reading them is recorded there
	ReadSystem          Permission = "system.read"          // how the server stands
	ReadOverview        Permission = "overview.read"        // how a home stands, by resident
	ReadWebhooks        Permission = "webhooks.read"        // of one's sites
	ChangeWebhooks      Permission = "webhooks.change"      //
	ReadSubscriptions   Permission = "subscriptions.read"   // FHIR's webhooks: of one's sites, and a program's own
	ChangeSubscriptions Permission = "subscriptions.change" //
	ReadAudit           Permission = "audit.read"           // who did what, in all sites
	EraseIdentity       Permission = "identity.erase"       //
	ReadClients         Permission = "clients.read"         // connected programs
	ChangeClients       Permission = "clients.change"       //
)

// grant is one row of the permission table.
type grant struct {
	does   string // what it allows, to begin a sentence with
	strong bool   // a PIN is not enough: sign in with a password, a passkey or the home's identity provider
	to     []Role
}

// The groups that most rows are made of.
var (
	everyone  = []Role{RoleCarer, RoleNurse, RoleManager, RoleAdmin, RoleIntegration}
	atBedside = []Role{RoleCarer, RoleNurse, RoleManager, RoleAdmin}
	inCharge  = []Role{RoleNurse, RoleManager, RoleAdmin}
	leading   = []Role{RoleManager, RoleAdmin}
)

// permissions is the one table of who may do what. The router is built from it, and docs/permissions.md is checked against
// what the server answers to each role at each address.
var permissions = map[Permission]grant{
	Public:              {"This", false, nil},
	OwnAccount:          {"An account of one's own", false, everyone},
	OwnSecrets:          {"Changing a password, PIN or passkey", true, everyone},
	ReadSites:           {"Seeing the sites", false, everyone},
	ChangeSites:         {"Changing sites", true, []Role{RoleAdmin}},
	ReadUsers:           {"Seeing the staff", false, leading},
	ChangeUsers:         {"Changing the staff", true, leading},
	ReadDevices:         {"Seeing the tablets", false, leading},
	ChangeDevices:       {"Enrolling and revoking tablets", true, leading},
	ReadResidents:       {"Seeing residents", false, everyone},
	ChangeResidents:     {"Changing residents", false, append(inCharge[:len(inCharge):len(inCharge)], RoleIntegration)},
	ChangeConsent:       {"Recording consent", false, inCharge},
	ChangeBaselines:     {"Taking a neutral face", false, atBedside},
	UseCamera:           {"Using the camera", false, append(atBedside[:len(atBedside):len(atBedside)], RoleProgram)},
	ReadAssessments:     {"Seeing assessments", false, append(everyone[:len(everyone):len(everyone)], RoleProgram)},
	AddAssessments:      {"Making assessments", false, append(atBedside[:len(atBedside):len(atBedside)], RoleProgram)},
	ConfirmAssessments:  {"Confirming assessments", false, atBedside},
	CorrectAssessments:  {"Correcting assessments", false, atBedside},
	ReadScales:          {"Seeing the scales", false, append(everyone[:len(everyone):len(everyone)], RoleProgram)},
	ChangeScales:        {"Changing the scales", true, leading},
	ReadRelief:          {"Seeing what relief was given", false, everyone},
	AddRelief:           {"Recording relief", false, atBedside},
	ReadRounds:          {"Seeing what is due", false, everyone},
	ChangeRounds:        {"Changing schedules", false, inCharge},
	AddEvents:           {"Recording what happened", false, append(atBedside[:len(atBedside):len(atBedside)], RoleIntegration)},
	ReadReports:         {"Seeing reports", false, append(inCharge[:len(inCharge):len(inCharge)], RoleIntegration)},
	ReadChanges:         {"Seeing what changed", false, everyone},
	ReadSystem:          {"Seeing how the server stands", false, []Role{RoleAdmin}},
	ReadOverview:        {"Seeing how the home stands", false, inCharge},
	ReadWebhooks:        {"Seeing webhooks", false, leading},
	ChangeWebhooks:      {"Changing webhooks", true, leading},
	ReadSubscriptions:   {"Seeing subscriptions", false, append(leading[:len(leading):len(leading)], RoleIntegration)},
	ChangeSubscriptions: {"Changing subscriptions", true, append(leading[:len(leading):len(leading)], RoleIntegration)},
	ReadAudit:           {"Reading the audit trail", true, []Role{RoleAdmin}},
	EraseIdentity:       {"Erasing an identity", true, []Role{RoleAdmin}},
	ReadClients:         {"Seeing connected programs", false, []Role{RoleAdmin}},
	ChangeClients:       {"Changing connected programs", true, []Role{RoleAdmin}},
}

// Known says whether the table has a row for the permission.
func (p Permission) Known() bool { _, ok := permissions[p]; return ok }

// Shows says whether who uses the permission is shown residents and what is known of them: that is recorded.
func (p Permission) Shows() bool {
	switch p {
	case ReadResidents, ReadAssessments, ReadRelief, ReadRounds, ReadOverview:
		return true
	}
	return false
}

// May returns nil where the role has the permission, and an error that names those who have it where not. Strong says that
// whoever asks gave more than a PIN.
func (r Role) May(p Permission, strong bool) error {
	g, ok := permissions[p]
	switch {
	case p == Public:
		return nil
	case !ok || !slices.Contains(g.to, r):
		if r == RoleProgram {
			return &Error{Code: Forbidden, Text: "The local token opens practice sessions only: sign in as a person for this."}
		}
		return &Error{Code: Forbidden, Text: g.does + " is for " + names(g.to) + ": ask one of them."}
	case g.strong && !strong:
		return &Error{Code: PasswordNeeded, Text: g.does + " needs more than a PIN: sign in with your password."}
	}
	return nil
}

// names lists roles for a sentence.
func names(roles []Role) string {
	if len(roles) == 0 {
		return "nobody"
	}
	words := make([]string, len(roles))
	for i, r := range roles {
		words[i] = plural[r]
	}
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

var plural = map[Role]string{
	RoleCarer: "carers", RoleNurse: "nurses", RoleManager: "managers", RoleAdmin: "administrators", RoleIntegration: "connected programs",
	RoleProgram: "programs on the server",
}
