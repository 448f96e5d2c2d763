package simulate

func unknowns(x *Explanation) []string { return x.Decision.Unknowns }
