package link

import "testing"

func TestAddresses(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ got, want string }{
		"an incident":               {Incident(42), "/incidents/INC-42"},
		"joining a likely one":      {JoinIncident(42), "/incidents/INC-42/similar/join"},
		"it happened again":         {ProblemAgain(7), "/problems/PRB-7/again"},
		"sent back":                 {StepFollowUp(12, "send-back"), "/followups/FU-12/send-back"},
		"a change for an incident":  {NewFollowUpFor("INC-42"), "/followups/new?for=INC-42"},
		"a slug that needs care":    {Service("a/b"), "/services/a%2Fb"},
		"a query":                   {With(Queue, "team", "payments", "state", "", "q", "a b&c"), "/queue?q=a+b%26c&team=payments"},
		"an empty query":            {With(Queue, "team", ""), "/queue"},
		"a value without its pair":  {With(Queue, "team"), "/queue"},
		"back after signing in":     {SignInThen("/queue?team=a"), "/signin?next=%2Fqueue%3Fteam%3Da"},
		"a table to take away":      {Export("incidents", "csv"), "/api/v1/export/incidents.csv"},
		"the set-up link is opaque": {SetupWith("a+b"), "/setup?token=a%2Bb"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.got != c.want {
				t.Errorf("got %s, want %s", c.got, c.want)
			}
		})
	}
}
