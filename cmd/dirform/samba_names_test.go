package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestSambaNames changes names in a real directory: swapped, passed on in a circle and along a chain, in other letters, and from
// one of a person's addresses to another. Each takes one apply.
func TestSambaNames(t *testing.T) {
	f := newForest(t)
	scope := f.addOU("Staff", f.root)
	var people []person
	for i := range 5 {
		people = append(people, person{account: fmt.Sprintf("%s-n%d", f.tag, i), cn: fmt.Sprintf("Person %d %s", i, f.tag), parent: scope})
	}
	f.addPeople(people)
	// what the applies of a day rename adds up to more than the built-in limit lets five people be renamed
	env := sambaFolder(t, sambaService, fmt.Sprintf(sambaScope, scope)+`
guard "names" {
  renames {
    count   = 100
    percent = 100
  }
}
`)
	succeed(t, env, "apply", "--auto-approve")
	wantNothing(t, env)

	// call gives people the names of others; a directory that refuses a name twice is told in two steps.
	call := func(names map[int]string) {
		for i := range names {
			f.set(people[i].account, "userPrincipalName", "between."+people[i].mail())
		}
		for i, name := range names {
			f.set(people[i].account, "userPrincipalName", name)
			f.set(people[i].account, "mail", name)
		}
	}
	mail := func(i int) string { return people[i].mail() }
	update := func(name string) string {
		return fmt.Sprintf("update user.staff[%q] mail mailNickname userPrincipalName", name)
	}
	for _, step := range []struct {
		name string
		do   func()
		want []string
	}{
		{"swap", func() { call(map[int]string{0: mail(1), 1: mail(0)}) }, []string{"DF304", update(mail(0)), update(mail(1))}},
		{"circle", func() { call(map[int]string{2: mail(3), 3: mail(4), 4: mail(2)}) },
			[]string{"DF304", update(mail(2)), update(mail(3)), update(mail(4))}},
		{"chain", func() { call(map[int]string{2: "free." + mail(2), 4: mail(3)}) },
			[]string{"DF304", update("free." + mail(2)), update(mail(3))}},
		{"other letters", func() { f.set(people[0].account, "mail", strings.ToUpper(mail(1))) }, nil},
		{"another of one's addresses", func() {
			f.set(people[0].account, "mail", "second."+mail(0))
			f.set(people[0].account, "proxyAddresses", "SMTP:second."+mail(0))
		}, []string{fmt.Sprintf("update user.staff[%q] mail", mail(1))}},
	} {
		if !t.Run(step.name, func(t *testing.T) {
			step.do()
			slices.Sort(step.want)
			wantPlan(t, env, step.want...)
			succeed(t, env, "apply", "--auto-approve")
			wantNothing(t, env)
		}) {
			return
		}
	}
}
