package date

import "strings"

// monthOf returns the English name of month n; "" if there is none.
func monthOf(n int) string {
	if n < 1 || n > 12 {
		return ""
	}
	return [...]string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}[n-1]
}

// monthNamed returns the number of the month whose name in English, German,
// French, Spanish, Italian, Dutch or Portuguese begins with w (lower case); 0 if
// there is none.
func monthNamed(w string) int {
	starts := [...]string{
		"jan gen ene", "feb fev fév", "mar mär mrt maerz", "apr avr abr", "may mai mei mag", "jun juin giu",
		"jul juil lug", "aug aoû aou ago", "sep set", "oct okt ott out", "nov", "dec dez déc dic",
	}
	for i, list := range starts {
		for start := range strings.FieldsSeq(list) {
			if strings.HasPrefix(w, start) {
				return i + 1
			}
		}
	}
	return 0
}
