package profile

import (
	"slices"
	"strings"
	"testing"
)

// The table is keyed by name, so a profile that is renamed would lose its
// wording without a word.
func TestEveryWordingBelongsToAProfile(t *testing.T) {
	var names []string
	for _, p := range All {
		names = append(names, p.Name)
		if p.AsBuilt != nil {
			names = append(names, p.AsBuilt.Name)
		}
	}
	for name, w := range wordings {
		if !slices.Contains(names, name) {
			t.Errorf("wording of %q: no profile has that name", name)
		}
		for key := range w.Messages {
			kind, rest, _ := strings.Cut(key, " ")
			if !slices.Contains([]string{"route", "listener", "gateway"}, kind) || strings.Count(rest, "/") != 1 {
				t.Errorf("wording of %q: message %q is not for KIND TYPE/REASON", name, key)
			}
		}
	}
	for _, name := range names {
		if name != Spec.Name && wordings[name] == nil {
			t.Errorf("profile %q has no wording", name)
		}
	}
}

func TestMessagePrefersTheStatusTexts(t *testing.T) {
	if got, want := KGateway.Message("route", "Accepted", "Accepted"), KGateway.Status.AcceptedMessage; got != want {
		t.Errorf("message is %q, want %q", got, want)
	}
	if got := Spec.Message("route", "Accepted", "NoMatchingParent"); got != "" {
		t.Errorf("the specification words no message, got %q", got)
	}
}
