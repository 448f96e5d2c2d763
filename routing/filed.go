package routing

// filed is candidates by a literal name. Most hosts have entries of one or two
// services, for which a map is many times their size.
type filed struct {
	few  []filedName
	many map[string][]candidate // instead, for more than fewNames
}

type filedName struct {
	name string
	list []candidate
}

// fewNames is how many names are found as quickly without a map.
const fewNames = 8

// of returns the candidates of a name.
func (f *filed) of(name string) []candidate {
	if f.many != nil {
		return f.many[name]
	}
	for i := range f.few {
		if f.few[i].name == name {
			return f.few[i].list
		}
	}
	return nil
}

// add adds a candidate to those of a name.
func (f *filed) add(name string, cd candidate) {
	if f.many != nil {
		f.many[name] = append(f.many[name], cd)
		return
	}
	for i := range f.few {
		if f.few[i].name == name {
			f.few[i].list = append(f.few[i].list, cd)
			return
		}
	}
	f.few = append(f.few, filedName{name, []candidate{cd}})
	if len(f.few) <= fewNames {
		return
	}
	f.many = make(map[string][]candidate, 2*len(f.few))
	for _, n := range f.few {
		f.many[n.name] = n.list
	}
	f.few = nil
}
