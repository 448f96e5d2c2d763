package profile

// All lists the profiles in the order users see.
var All = []*Profile{Spec}
