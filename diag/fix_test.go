package diag_test

import (
	"errors"
	"testing"

	"github.com/grpcroute/grpcroute/diag"
)

func edit(start, end int, text string) diag.Edit {
	return diag.Edit{Range: diag.Range{Start: diag.Position{Byte: start}, End: diag.Position{Byte: end}}, New: text}
}

func TestApply(t *testing.T) {
	got, err := diag.Apply([]byte("0123456789"), []diag.Edit{edit(8, 10, ""), edit(2, 4, "xyz"), edit(4, 4, "!"), edit(4, 4, "?"), edit(4, 5, "")})
	if err != nil || string(got) != "01xyz!?567" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := diag.Apply([]byte("0123"), []diag.Edit{edit(0, 2, ""), edit(1, 3, "")}); !errors.Is(err, diag.ErrOverlap) {
		t.Errorf("edits that overlap give %v", err)
	}
	for _, e := range []diag.Edit{edit(3, 5, ""), edit(3, 2, "")} {
		if _, err := diag.Apply([]byte("0123"), []diag.Edit{e}); err == nil {
			t.Errorf("edit %+v lies outside, and was made", e)
		}
	}
}
